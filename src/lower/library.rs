//! The hand-written shaders as a library of declarations: a module is given those that its text names, and those that these name. Text is
//! scanned, not parsed: the lines of a declaration are indented but for its first and its last, which ends with a `}` or a `;`.

use super::layout::{Width, constants};
use std::collections::HashSet;
use std::sync::LazyLock;

/// A top-level declaration with the comment above it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    file: &'static str,
    name: String,
    text: String,
}

static LIBRARY: LazyLock<Vec<Item>> = LazyLock::new(|| {
    let totals = include_str!("../../shaders/totals.wgsl");
    let constants: String = constants(Width::Wide).iter().map(|(name, value)| constant(name, *value) + "\n").collect();
    let files = [
        ("constants", constants.as_str()),
        ("cells.wgsl", include_str!("../../shaders/cells.wgsl")),
        ("totals.wgsl", totals),
        ("wave.wgsl", include_str!("../../shaders/wave.wgsl")),
        ("totals.wgsl", &totals.replace("debit", "credit").replace("DEBIT", "CREDIT")),
        ("word.wgsl", include_str!("../../shaders/word.wgsl")),
    ];
    files.iter().flat_map(|(file, text)| items(file, text)).collect()
});

/// `text` as a whole module for totals so long: what it uses of the library follows it.
pub fn link(text: &str, width: Width) -> String {
    let constants = constants(width);
    let mut module = text.to_string();
    let mut file = "";
    for item in used(text) {
        // Constants stand close together.
        let gap = if item.file == "constants" && file == item.file { "" } else { "\n" };
        file = item.file;
        let known = constants.iter().find(|(name, _)| *name == item.name);
        let text = known.map_or_else(|| item.text.clone(), |(name, value)| constant(name, *value));
        module = module + gap + &text + "\n";
    }
    module
}

fn constant(name: &str, value: u32) -> String {
    format!("const {name}: u32 = {value}u;")
}

/// `text` for people: what it uses of the library is named, not shown.
pub fn outline(text: &str) -> String {
    let used = used(text);
    let mut outline = text.to_string();
    for lines in used.chunk_by(|a, b| a.file == b.file) {
        let names: Vec<&str> = lines.iter().map(|item| item.name.as_str()).collect();
        outline += &format!("\n// {}: {}", lines[0].file, names.join(", "));
    }
    outline + "\n"
}

/// The declarations that `text` needs, in the library's order. What it declares itself it does not need.
fn used(text: &str) -> Vec<&'static Item> {
    let own = items("", text);
    let mut known: HashSet<&str> = own.iter().map(|item| item.name.as_str()).collect();
    let mut found = HashSet::new();
    let mut pending: Vec<&str> = own.iter().flat_map(|item| words(&item.text)).collect();
    while let Some(word) = pending.pop() {
        if !known.contains(word)
            && let Some(item) = LIBRARY.iter().find(|item| item.name == word)
        {
            known.insert(&item.name);
            found.insert(item.name.as_str());
            pending.extend(words(&item.text));
        }
    }
    LIBRARY.iter().filter(|item| found.contains(item.name.as_str())).collect()
}

fn items(file: &'static str, text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        // A comment that stands alone belongs to the file.
        if line.is_empty() && lines.iter().all(|line| line.starts_with("//")) {
            lines.clear();
            continue;
        }
        lines.push(line);
        let ends = line.ends_with([';', '}']) && !line.starts_with([' ', '/']);
        if ends {
            let text = lines.join("\n");
            items.push(Item { file, name: name(&text).to_string(), text });
            lines.clear();
        }
    }
    items
}

/// The name after `fn`, `struct`, `const`, `alias` or `var<...>`.
fn name(text: &str) -> &str {
    let mut words = words(text).skip_while(|word| !matches!(*word, "fn" | "struct" | "const" | "var" | "alias"));
    let keyword = words.next();
    let mut rest = words.skip_while(|word| keyword == Some("var") && matches!(*word, "uniform" | "storage" | "read" | "read_write"));
    rest.next().unwrap_or_default()
}

/// The identifiers in `text`, those after a dot and those in comments left out.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    code.flat_map(move |line| line.split(move |c| !inside(c))).filter_map(|word| word.split('.').next()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        for item in &*LIBRARY {
            assert!(!item.name.is_empty(), "a declaration without a name: {}", item.text);
            assert!(names.insert(&item.name), "{} is declared twice", item.name);
        }
    }

    #[test]
    fn a_module_holds_what_it_uses_and_no_more() {
        let text = "fn twice(a: Word) -> Word {\n    // not mul\n    return add(a, a);\n}\n";
        let names: Vec<&str> = used(text).iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["Word", "Total", "Chain", "chain_sum", "sum", "add"]);
        assert!(
            link(text, Width::Wide).starts_with(text)
                && outline(text).ends_with("\n// word.wgsl: Word, Total, Chain, chain_sum, sum, add\n")
        );
    }

    #[test]
    fn a_module_s_own_declarations_stand() {
        let text = "fn sum(a: u32) -> u32 {\n    return a;\n}\n\nconst TWO: u32 = 2u;\n\nfn four() -> u32 {\n    return sum(TWO);\n}\n";
        assert_eq!(link(text, Width::Narrow), text);
    }
}
