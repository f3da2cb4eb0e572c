//! The length of a call's arguments, from the canonical types of its signature. No argument is encoded or decoded here.

/// Tuples within tuples: the parser recurses. Compilers stop at far fewer.
const NESTING: usize = 64;
const WORD: usize = 32;

/// What the encoding of a type takes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// In bytes, without the offset that leads to a dynamic type.
    pub length: usize,
    /// Whether values of the type differ in length.
    pub dynamic: bool,
}

impl Size {
    const EMPTY: Self = Self { length: 0, dynamic: false };
    const STATIC_WORD: Self = Self { length: WORD, dynamic: false };
    /// Empty bytes, an empty string or list: a length of zero.
    const EMPTY_LIST: Self = Self { length: WORD, dynamic: true };

    /// Of the parameters `(address,(uint256,bytes)[])`, each as short as it can be: lists, bytes and strings empty. None if a type is
    /// unknown (a library's own types have names), or the length is absurd.
    pub fn of_parameters(parameters: &str) -> Option<Self> {
        let mut rest = parameters;
        tuple(&mut rest, NESTING).filter(|_| rest.is_empty())
    }

    /// A member of a tuple takes its encoding, and an offset to it if it is dynamic.
    fn as_member(self) -> Option<usize> {
        self.length.checked_add(if self.dynamic { WORD } else { 0 })
    }

    fn followed_by(self, next: Self) -> Option<Self> {
        Some(Self { length: self.length.checked_add(next.as_member()?)?, dynamic: self.dynamic || next.dynamic })
    }

    fn repeated(self, count: usize) -> Option<Self> {
        Some(Self { length: self.as_member()?.checked_mul(count)?, dynamic: self.dynamic })
    }
}

fn tuple(rest: &mut &str, nesting: usize) -> Option<Size> {
    let mut size = Size::EMPTY;
    eat(rest, '(').then_some(())?;
    if eat(rest, ')') {
        return Some(size);
    }
    loop {
        size = size.followed_by(member(rest, nesting)?)?;
        if eat(rest, ')') {
            return Some(size);
        }
        eat(rest, ',').then_some(())?;
    }
}

fn member(rest: &mut &str, nesting: usize) -> Option<Size> {
    let mut size = if rest.starts_with('(') {
        tuple(rest, nesting.checked_sub(1)?)?
    } else {
        elementary(eat_while(rest, |c| c.is_ascii_alphanumeric()))?
    };
    while eat(rest, '[') {
        size = match eat_while(rest, |c| c.is_ascii_digit()) {
            "" => Size::EMPTY_LIST,
            count => size.repeated(count.parse().ok().filter(|count| *count > 0)?)?,
        };
        eat(rest, ']').then_some(())?;
    }
    Some(size)
}

fn elementary(name: &str) -> Option<Size> {
    match name {
        "bytes" | "string" => Some(Size::EMPTY_LIST),
        "address" | "bool" | "function" => Some(Size::STATIC_WORD),
        _ => is_sized(name).then_some(Size::STATIC_WORD),
    }
}

/// uint8 to uint256, bytes1 to bytes32, fixed8x0 to fixed256x80, and the like.
fn is_sized(name: &str) -> bool {
    let Some(start) = name.find(|c: char| c.is_ascii_digit()) else { return false };
    let (kind, size) = name.split_at(start);
    let is_bits = |bits: &str| bits.parse().is_ok_and(|bits: u16| (8..=256).contains(&bits) && bits.is_multiple_of(8));
    match kind {
        "uint" | "int" => is_bits(size),
        "bytes" => size.parse().is_ok_and(|bytes| (1..=32u16).contains(&bytes)),
        "fixed" | "ufixed" => {
            size.split_once('x').is_some_and(|(bits, digits)| is_bits(bits) && digits.parse().is_ok_and(|d: u16| d <= 80))
        }
        _ => false,
    }
}

fn eat(rest: &mut &str, token: char) -> bool {
    rest.strip_prefix(token).map(|after| *rest = after).is_some()
}

fn eat_while<'a>(rest: &mut &'a str, accept: fn(char) -> bool) -> &'a str {
    let (taken, after) = rest.split_at(rest.find(|c| !accept(c)).unwrap_or(rest.len()));
    *rest = after;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_take_their_shortest_encoding() {
        let cases = [
            ("()", 0, false),
            ("(address,uint256)", 64, false),
            ("(uint256[3],bool)", 128, false),
            ("((uint8,int256),bytes32)[2]", 0, false),
            ("(((uint8,int256),bytes32)[2])", 192, false),
            ("(bytes)", 64, true),
            ("(string,string)", 128, true),
            ("(address[])", 64, true),
            ("(uint256[2][])", 64, true),
            // An offset to the list, and for each of its two members an offset and a length.
            ("(uint256[][2])", 32 + 2 * 64, true),
            ("((address,bytes)[],uint256)", 96, true),
            ("((address,bytes),uint256)", 32 + 32 + 32 + 32 + 32, true),
            ("(fixed168x10,ufixed128x18,function)", 96, false),
        ];
        for (parameters, length, dynamic) in cases {
            let expected = parameters.ends_with(')').then_some(Size { length, dynamic });
            assert_eq!(Size::of_parameters(parameters), expected, "{parameters}");
        }
    }

    #[test]
    fn what_has_no_known_length_has_none() {
        let nested = format!("{}{}", "(".repeat(1 << 20), ")".repeat(1 << 20));
        let huge = format!("(uint8{})", "[4294967296]".repeat(3));
        let unknown =
            ["", "(", "(uint256", "(uint256,)", "uint256", "(uint)", "(uint7)", "(uint264)", "(bytes0)", "(bytes33)", "(uint8[0])"];
        let odd =
            ["(uint8[)", "(uint8[-1])", "(Roles.Role storage,address)", "(uint256) ", "(fixed128)", "(uint+8)", "(é)", &nested, &huge];
        for parameters in unknown.iter().chain(&odd) {
            assert_eq!(Size::of_parameters(parameters), None, "{:.80}", parameters);
        }
    }
}
