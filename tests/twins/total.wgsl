// Sums of nine limbs, the lowest first.

alias Total = array<u32, 9>;

fn plus(a: Total, b: Total) -> Total {
    var sum = Total();
    var carry = 0u;
    for (var i = 0u; i < 9u; i++) {
        let part = a[i] + b[i];
        sum[i] = part + carry;
        carry = u32(part < a[i]) | u32(sum[i] < part);
    }
    return sum;
}

fn minus(a: Total, b: Total) -> Total {
    var difference = Total();
    var borrow = 0u;
    for (var i = 0u; i < 9u; i++) {
        let part = a[i] - b[i];
        difference[i] = part - borrow;
        borrow = u32(a[i] < b[i]) | u32(part < borrow);
    }
    return difference;
}

fn less(a: Total, b: Total) -> bool {
    for (var i = 9u; i > 0u; i--) {
        if a[i - 1u] != b[i - 1u] { return a[i - 1u] < b[i - 1u]; }
    }
    return false;
}
