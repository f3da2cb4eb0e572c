//! The encoding of a call's arguments, from the canonical types of its signature: all zeros, lists of two elements, bytes and strings empty.
//! No argument is decoded here.

/// Tuples within tuples: the parser recurses. Compilers stop at far fewer.
const NESTING: usize = 64;
/// Offsets and lengths of one encoding: calls that are worth looking at have a handful.
const WORDS: usize = 1_024;
const WORD: usize = 32;
/// Elements of a list: enough that a loop is seen to be one.
const LIST: usize = 2;

/// The encoding of a type, without the offset that leads to a dynamic one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoding {
    /// In bytes.
    pub length: usize,
    /// Whether values of the type differ in length.
    pub dynamic: bool,
    /// The words that are not zero, offsets and lengths of lists, each by its byte.
    pub words: Vec<(usize, usize)>,
}

impl Encoding {
    fn zeros(length: usize, dynamic: bool) -> Self {
        Self { length, dynamic, words: vec![] }
    }

    /// Of the parameters `(address,(uint256,bytes)[])`. None if a type is unknown (a library's own types have names), or the length is
    /// absurd.
    pub fn of_parameters(parameters: &str) -> Option<Self> {
        let mut rest = parameters;
        tuple(&mut rest, NESTING).filter(|_| rest.is_empty())
    }

    /// What a tuple's head has of a member: the encoding, or an offset to it.
    fn head(&self) -> usize {
        if self.dynamic { WORD } else { self.length }
    }

    /// The members of a tuple: what is dynamic comes behind them all.
    fn of_members(members: &[Self]) -> Option<Self> {
        let mut tuple = Self::zeros(0, false);
        let (mut head, mut tail) = (0, members.iter().try_fold(0usize, |sum, member| sum.checked_add(member.head()))?);
        for member in members {
            if member.dynamic {
                tuple.words.push((head, tail));
                tuple.words.extend(member.words.iter().map(|(at, value)| (tail + at, *value)));
                tail = tail.checked_add(member.length)?;
            }
            head += member.head();
            tuple.dynamic |= member.dynamic;
        }
        tuple.length = tail;
        (tuple.words.len() <= WORDS).then_some(tuple)
    }

    fn repeated(self, count: usize) -> Option<Self> {
        if !self.dynamic {
            return Some(Self::zeros(self.length.checked_mul(count)?, false));
        }
        (count <= WORDS).then(|| Self::of_members(&vec![self; count]))?
    }

    fn list(self) -> Option<Self> {
        let elements = self.repeated(LIST)?;
        let words = elements.words.iter().map(|(at, value)| (WORD + at, *value));
        let words = [(0, LIST)].into_iter().chain(words).collect();
        Some(Self { length: elements.length.checked_add(WORD)?, dynamic: true, words })
    }
}

fn tuple(rest: &mut &str, nesting: usize) -> Option<Encoding> {
    let mut members = Vec::new();
    eat(rest, '(').then_some(())?;
    if eat(rest, ')') {
        return Encoding::of_members(&members);
    }
    loop {
        members.push(member(rest, nesting)?);
        if eat(rest, ')') {
            return Encoding::of_members(&members);
        }
        eat(rest, ',').then_some(())?;
    }
}

fn member(rest: &mut &str, nesting: usize) -> Option<Encoding> {
    let mut encoding = if rest.starts_with('(') {
        tuple(rest, nesting.checked_sub(1)?)?
    } else {
        elementary(eat_while(rest, |c| c.is_ascii_alphanumeric()))?
    };
    while eat(rest, '[') {
        encoding = match eat_while(rest, |c| c.is_ascii_digit()) {
            "" => encoding.list()?,
            count => encoding.repeated(count.parse().ok().filter(|count| *count > 0)?)?,
        };
        eat(rest, ']').then_some(())?;
    }
    Some(encoding)
}

fn elementary(name: &str) -> Option<Encoding> {
    match name {
        // A length of zero.
        "bytes" | "string" => Some(Encoding::zeros(WORD, true)),
        "address" | "bool" | "function" => Some(Encoding::zeros(WORD, false)),
        _ => is_sized(name).then(|| Encoding::zeros(WORD, false)),
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
    fn parameters_are_encoded_with_lists_of_two() {
        let cases = [
            ("()", 0, false),
            ("(address,uint256)", 64, false),
            ("(uint256[3],bool)", 128, false),
            ("((uint8,int256),bytes32)[2]", 0, false),
            ("(((uint8,int256),bytes32)[2])", 192, false),
            ("(bytes)", 64, true),
            ("(string,string)", 128, true),
            ("(address[])", 128, true),
            ("(uint256[2][])", 32 + 32 + 4 * 32, true),
            // An offset to the list, and for each of its two members an offset, a length, and two elements.
            ("(uint256[][2])", 32 + 2 * 128, true),
            ("((address,bytes)[],uint256)", 96 + 2 * (32 + 96), true),
            ("((address,bytes),uint256)", 32 + 32 + 32 + 32 + 32, true),
            ("(fixed168x10,ufixed128x18,function)", 96, false),
        ];
        for (parameters, length, dynamic) in cases {
            let expected = parameters.ends_with(')').then_some((length, dynamic));
            let found = Encoding::of_parameters(parameters).map(|encoding| (encoding.length, encoding.dynamic));
            assert_eq!(found, expected, "{parameters}");
        }
    }

    #[test]
    fn offsets_and_lengths_are_where_abi_says() {
        let words = |parameters| Encoding::of_parameters(parameters).unwrap().words;
        assert_eq!(words("(address,uint256)"), []);
        assert_eq!(words("(bytes)"), [(0, 32)]);
        assert_eq!(words("(address[],uint256,uint256[])"), [(0, 96), (96, 2), (64, 192), (192, 2)]);
        // Offsets inside a list count from behind its length.
        assert_eq!(words("(bytes[])"), [(0, 32), (32, 2), (64, 64), (96, 96)]);
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
            assert_eq!(Encoding::of_parameters(parameters), None, "{:.80}", parameters);
        }
    }
}
