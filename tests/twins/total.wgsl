// Sums of nine limbs, the lowest first.

alias Total = array<u32, 9>;

fn plus(a: Total, b: Total) -> Total {
    var whole = Total();
    var carry = 0u;
    for (var i = 0u; i < 9u; i++) {
        let part = a[i] + b[i];
        whole[i] = part + carry;
        carry = u32(part < a[i]) | u32(whole[i] < part);
    }
    return whole;
}

fn minus(a: Total, b: Total) -> Total {
    var rest = Total();
    var borrow = 0u;
    for (var i = 0u; i < 9u; i++) {
        let part = a[i] - b[i];
        rest[i] = part - borrow;
        borrow = u32(a[i] < b[i]) | u32(part < borrow);
    }
    return rest;
}

fn less(a: Total, b: Total) -> bool {
    for (var i = 9u; i > 0u; i--) {
        if a[i - 1u] != b[i - 1u] { return a[i - 1u] < b[i - 1u]; }
    }
    return false;
}
