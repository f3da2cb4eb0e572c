//! Choosing among simulated backends, whose times are functions of the features: no real time passes.

use super::*;

/// Segments that go by before anything is asked of the choice.
const LEARNING: usize = 40;

/// Segments of each size.
const TIMES: usize = 60;

const SEEDS: std::ops::Range<u64> = 0..50;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// What a time comes out as: a few hundredths more or less, and one time in a hundred much more.
    fn noise(&mut self) -> f64 {
        let usual = 1. + 0.05 * ((0..4).map(|_| self.share()).sum::<f64>() - 2.);
        if self.share() < 0.01 { 3. * usual } else { usual }
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.next() as usize % (at + 1));
        }
    }
}

type Cost<'a> = &'a dyn Fn(&Features) -> f64;

/// A device without equal, but that a segment takes 50 us whatever is in it.
fn fast(features: &Features) -> f64 {
    50_000. + 4. * features.clear_rows as f64 + 2. * features.cells as f64
}

/// Slow, and at once.
fn slow(features: &Features) -> f64 {
    500. + 35. * features.clear_rows as f64 + 10. * features.cells as f64
}

fn transfers(rows: usize) -> Features {
    Features { dispatches: 4, clear_rows: rows, cells: (2 * rows).min(1 << 20), hottest: 1 + rows / 1000, ..Features::default() }
}

/// What a segment took, and what it would have taken on the best backend.
struct Took {
    features: Features,
    ns: f64,
    best_ns: f64,
}

fn run(auto: &mut Auto, random: &mut Random, segments: &[Features], costs: &[Cost]) -> Vec<Took> {
    let able = vec![true; costs.len()];
    let one = |features: &Features| {
        let decision = auto.choose(features, &able);
        let ns = costs[decision.backend](features);
        auto.learn(features, &decision, random.noise() * ns, 0.);
        let best_ns = costs.iter().map(|cost| cost(features)).fold(f64::INFINITY, f64::min);
        Took { features: *features, ns, best_ns }
    };
    segments.iter().map(one).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// After the learning the whole, and the median of each kind of segment, are within a tenth of the best backend's.
#[track_caller]
fn check(what: &str, learning: usize, took: &[Took]) {
    let took = &took[learning..];
    let (sum, best): (f64, f64) = took.iter().fold((0., 0.), |(sum, best), took| (sum + took.ns, best + took.best_ns));
    assert!(sum <= 1.1 * best, "{what}: {sum:.0} ns in all, the best {best:.0} ns");
    let mut kinds: Vec<&Features> = took.iter().map(|took| &took.features).collect();
    kinds.sort_by_key(|features| (features.clear_rows, features.wave_rows, features.hottest));
    kinds.dedup();
    for kind in kinds {
        let of = |ns: fn(&Took) -> f64| median(took.iter().filter(|took| took.features == *kind).map(ns).collect());
        let (found, best) = (of(|took| took.ns), of(|took| took.best_ns));
        assert!(found <= 1.1 * best, "{what}: {kind:?} takes {found:.0} ns, the best {best:.0} ns");
    }
}

/// Sizes from 2^4 to 2^21 in an order.
fn sizes(order: &str, random: &mut Random) -> Vec<Features> {
    let mut sizes: Vec<usize> = (4..=21).flat_map(|exponent| [1 << exponent; TIMES]).collect();
    match order {
        "ascending" => {}
        "descending" => sizes.reverse(),
        "alternating" => {
            let (small, large) = sizes.split_at(sizes.len() / 2);
            sizes = small.iter().zip(large.iter().rev()).flat_map(|(small, large)| [*small, *large]).collect();
        }
        _ => random.shuffle(&mut sizes),
    }
    sizes.into_iter().map(transfers).collect()
}

#[test]
fn sizes_in_any_order_go_to_the_backend_that_is_faster_for_them() {
    for seed in SEEDS {
        for order in ["random", "ascending", "descending", "alternating"] {
            for (name, costs) in [("slow first", [&slow as Cost, &fast]), ("fast first", [&fast, &slow])] {
                let mut random = Random(seed);
                let segments = sizes(order, &mut random);
                let took = run(&mut Auto::new(2), &mut random, &segments, &costs);
                check(&format!("{order}, {name}, seed {seed}"), LEARNING, &took);
            }
        }
    }
}

#[test]
fn a_device_that_changes_its_speed_is_followed() {
    let busy = |features: &Features| 20. * fast(features);
    for seed in SEEDS {
        let mut random = Random(seed);
        let mut auto = Auto::new(2);
        let phases: [(&str, Cost); 3] = [("fast", &fast), ("busy", &busy), ("fast again", &fast)];
        for (phase, device) in phases {
            let mut segments = sizes("random", &mut random);
            segments.retain(|features| features.clear_rows >= 1 << 12);
            let took = run(&mut auto, &mut random, &segments, &[&slow, device]);
            check(&format!("{phase}, seed {seed}"), 3 * LEARNING, &took);
        }
    }
}

#[test]
fn lanes_and_hot_cells_decide_too() {
    // One is slow for waves, the other for hot cells.
    let no_waves = |features: &Features| 5_000. + 10. * features.clear_rows as f64 + 900. * features.wave_rows as f64;
    let no_heat =
        |features: &Features| 8_000. + 11. * features.clear_rows as f64 + 100. * features.wave_rows as f64 + 60. * features.hottest as f64;
    for seed in SEEDS {
        let mut random = Random(seed);
        let mut segments = Vec::new();
        for rows in [1 << 8, 1 << 12, 1 << 16, 1 << 20] {
            let even = Features { dispatches: 4, clear_rows: rows, cells: rows, hottest: 2, ..Features::default() };
            let hot = Features { hottest: rows / 2, ..even };
            let waves = Features { dispatches: 40, clear_rows: rows / 2, wave_rows: rows / 2, ..even };
            segments.extend([[even; TIMES], [hot; TIMES], [waves; TIMES]].concat());
        }
        random.shuffle(&mut segments);
        let took = run(&mut Auto::new(2), &mut random, &segments, &[&no_waves, &no_heat]);
        check(&format!("lanes, seed {seed}"), 3 * LEARNING, &took);
    }
}

#[test]
fn trying_costs_a_bounded_share_however_bad_a_backend_is() {
    for (times, seed) in [10., 100.].into_iter().flat_map(|times| SEEDS.map(move |seed| (times, seed))) {
        let dreadful = |features: &Features| times * slow(features);
        let mut random = Random(seed);
        let segments = sizes("random", &mut random);
        let took = &run(&mut Auto::new(2), &mut random, &segments, &[&slow, &dreadful])[LEARNING..];
        let lost = |took: &Took| took.ns - took.best_ns;
        // What a try costs is known afterwards: the worst one goes beyond the share.
        let worst = took.iter().map(lost).fold(0., f64::max);
        let (lost, best): (f64, f64) = (took.iter().map(lost).sum(), took.iter().map(|took| took.best_ns).sum());
        assert!(
            lost - worst <= 0.1 * best,
            "{times} times as slow, seed {seed}: {lost:.0} ns of {best:.0} ns are lost, {worst:.0} at once"
        );
    }
}

#[test]
fn who_is_not_able_is_not_chosen() {
    let mut auto = Auto::new(2);
    for _ in 0..100 {
        let decision = auto.choose(&transfers(1 << 10), &[true, false]);
        assert_eq!((decision.backend, decision.reason), (0, Reason::Only));
        auto.learn(&transfers(1 << 10), &decision, 1e6, 0.);
    }
    assert_eq!(auto.choose(&transfers(1 << 10), &[true, true]).backend, 1, "it was never tried");
}
