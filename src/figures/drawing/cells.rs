//! Cells of a heat map: the shade of a share, and heads for columns that are too narrow for their words.

use crate::series::type_short;

/// The shade of a cell whose vectors are all intruders: the deeper ones are kept from cells that hold numerals.
pub const DEEPEST: f64 = 0.75;
/// The shade of the smallest count, which is seen on any paper.
const PALEST: f64 = 0.14;
/// From this shade up numerals take the colour of the paper.
pub const DEEP: f64 = 0.52;

/// The shade of a share of the vectors looked at, the same in every run: steeper for small ones, which are most.
pub fn shade(share: f64) -> f64 {
    if share > 0.0 {
        PALEST + (DEEPEST - PALEST) * share.min(1.0).sqrt()
    } else {
        0.0
    }
}

/// Heads of columns that are too narrow for their words: as many letters as fit, of all types the same number; initials where these are alike.
pub fn heads(columns: &[Option<&str>], fits: impl Fn(&str) -> bool) -> Vec<Option<String>> {
    let short: Vec<&str> = columns.iter().map(|kind| type_short(*kind)).collect();
    short
        .iter()
        .map(|head| {
            [usize::MAX, 2, 1].into_iter().find_map(|n| {
                let cut = |h: &str| h.chars().take(n).collect::<String>();
                let own = cut(head);
                let alike = short.iter().filter(|h| cut(h) == own).count() > 1;
                let own = if alike { initials(head, n) } else { own };
                fits(&own).then_some(own)
            })
        })
        .collect()
}

/// "pi" for "proj_in".
fn initials(words: &str, most: usize) -> String {
    let parts = words.split(|c: char| !c.is_alphanumeric());
    parts.filter_map(|part| part.chars().next()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_that_are_cut_stay_apart() {
        let of = |columns: &[&'static str], room: usize| -> Vec<String> {
            let columns: Vec<_> = columns.iter().map(|c| Some(*c)).collect();
            let fits = |h: &str| h.chars().count() <= room;
            heads(&columns, fits).into_iter().flatten().collect()
        };
        assert_eq!(of(&["q", "proj_in", "proj_out", "down"], 2), ["q", "pi", "po", "dn"]);
        assert_eq!(of(&["proj_in", "proj_out"], 8), ["proj_in", "proj_out"]);
    }

    #[test]
    fn a_shade_means_the_same_in_every_run() {
        assert_eq!(shade(0.0), 0.0);
        assert!(shade(0.01) >= PALEST && (shade(1.0) - DEEPEST).abs() < 1e-12);
        assert!((1..100).all(|n| shade(f64::from(n) / 100.0) < shade(f64::from(n + 1) / 100.0)));
    }
}
