//! Warm-up: runs the hot functions on small matrices. A browser optimizes a function only after many calls; by the time a file comes that is
//! done.

use super::{Question, Tune, compare, cosines, random, thin_svd};

/// Seconds that are spent on each of the two modes.
const EACH: f64 = 0.2;

/// `now` is a clock in seconds.
pub fn warm_up(now: impl Fn() -> f64) {
    let (w0, w) = (random(256, 320, 1), random(256, 320, 2));
    let exact = || {
        if let Ok(svd) = thin_svd((&w0).into()) {
            let _ = std::hint::black_box(cosines(&svd, &svd));
        }
    };
    let certified = || {
        let question = Question {
            k: 10,
            epsilon: 0.5,
            left: true,
            right: false,
        };
        let _ = std::hint::black_box(compare((&w0).into(), &[Tune::Dense((&w).into())], question));
    };
    for work in [&exact as &dyn Fn(), &certified] {
        let begin = now();
        while now() - begin < EACH {
            work();
        }
    }
}
