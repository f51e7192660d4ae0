//! Alignments of blocks between networks of two depths, and the question which one to take.

use crate::plan::{Answers, Question, QuestionOption};

/// A map of blocks: for every tuned block the base's that it is compared with; none for a block that the base does not have.
pub type Map = Vec<Option<u32>>;

/// The likeness of a tuned block and a block of the base, from -1 to 1; none where it is not known.
pub type Likeness<'a> = &'a dyn Fn(u32, u32) -> Option<f64>;

/// Blocks of one origin are more alike than this however long they were trained; others are hardly more than 0.
const ALIKE: f64 = 0.7;
/// Nobody reads more; no network that is cut has more blocks.
const MOST: u32 = 256;

struct Way {
    value: String,
    words: String,
    map: Map,
}

/// Block expansion (LLaMA-Pro): a new block after every group of the old ones.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of blocks: a file lists fewer than 2^20 tensors"
)]
fn expanded(base: u32, tuned: u32) -> Option<Map> {
    let added = tuned.checked_sub(base).filter(|n| *n > 0)?;
    if !base.is_multiple_of(added) {
        return None;
    }
    let group = base / added;
    Some(
        (0..tuned)
            .map(|t| (t % (group + 1) < group).then_some(t / (group + 1) * group + t % (group + 1)))
            .collect(),
    )
}

/// Depth up-scaling (SOLAR): the first blocks, then the last ones again from an earlier number on.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of blocks: a file lists fewer than 2^20 tensors"
)]
fn stacked(base: u32, tuned: u32) -> Option<Map> {
    let added = tuned.checked_sub(base).filter(|n| *n > 0 && tuned.is_multiple_of(2))?;
    let first = tuned / 2;
    (first < base).then(|| {
        (0..tuned)
            .map(|t| Some(if t < first { t } else { t - added }))
            .collect()
    })
}

/// Blocks added behind, or taken away from there.
fn numbered(base: u32, tuned: u32) -> Map {
    (0..tuned).map(|t| (t < base).then_some(t)).collect()
}

/// A run of blocks taken out, the first of them `from`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of blocks: a file lists fewer than 2^20 tensors"
)]
fn cut(from: u32, removed: u32, tuned: u32) -> Map {
    (0..tuned)
        .map(|t| Some(if t < from { t } else { t + removed }))
        .collect()
}

/// "Block 4", "Blocks 4 to 5".
fn blocks(first: u32, last: u32) -> String {
    match first == last {
        true => format!("block {first}"),
        false => format!("blocks {first} to {last}"),
    }
}

/// The ways to pair, the likeliest first.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of blocks: a file lists fewer than 2^20 tensors"
)]
fn ways(base: u32, tuned: u32) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut add = |value: &str, words: String, map: Map| {
        let value = value.to_owned();
        ways.push(Way { value, words, map });
    };
    if let Some(map) = expanded(base, tuned) {
        let group = base / (tuned - base);
        let words = format!("A new block after every {group} (block expansion, LLaMA-Pro)");
        add("expanded", words, map);
    }
    if let Some(map) = stacked(base, tuned) {
        let words = format!(
            "Blocks 0 to {} and then {} to {} (depth up-scaling, SOLAR)",
            tuned / 2 - 1,
            base - tuned / 2,
            base - 1
        );
        add("stacked", words, map);
    }
    add("numbers", "By their numbers as they are".into(), numbered(base, tuned));
    if let Some(removed) = base.checked_sub(tuned).filter(|n| *n > 0 && tuned > 0) {
        let words = format!("The last block kept, {removed} before it taken out");
        add("pruned", words, cut(tuned - 1, removed, tuned));
        // Of one block that is the same.
        ways.extend(without(0, base, tuned).filter(|_| tuned > 1));
    }
    ways
}

/// The way in which a run of blocks that begins at `from` is taken out: the value is that number.
fn without(from: u32, base: u32, tuned: u32) -> Option<Way> {
    let removed = base.checked_sub(tuned).filter(|n| *n > 0 && from < tuned)?;
    Some(Way {
        value: from.to_string(),
        words: format!(
            "Without the base’s {}",
            blocks(from, from.saturating_add(removed).saturating_sub(1))
        ),
        map: cut(from, removed, tuned),
    })
}

/// The likeness of the least alike pair of a way; none where nothing is known of its pairs.
fn fit(map: &Map, likeness: Likeness) -> Option<f64> {
    let known = (0u32..).zip(map).filter_map(|(tuned, base)| likeness(tuned, (*base)?));
    known.min_by(f64::total_cmp)
}

/// The way that the weights themselves say: every block with the one that it is most alike.
fn by_weights(base: u32, tuned: u32, likeness: Likeness) -> Option<Way> {
    if base > MOST || tuned > MOST {
        return None;
    }
    let nearest = |t: u32| {
        let alike = |b: u32| likeness(t, b).filter(|c| *c > ALIKE).map(|c| (c, b));
        let best = (0..base)
            .filter_map(alike)
            .max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1)));
        best.map(|(_, b)| b)
    };
    let map: Map = (0..tuned).map(nearest).collect();
    if map.iter().flatten().count().saturating_mul(2) <= map.len() {
        return None;
    }
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for b in map.iter().flatten() {
        match runs.last_mut().filter(|(_, last)| last.saturating_add(1) == *b) {
            Some((_, last)) => *last = *b,
            None => runs.push((*b, *b)),
        }
    }
    let runs: Vec<String> = runs.iter().map(|(first, last)| blocks(*first, *last)).collect();
    let words = format!("As the weights say: the base’s {}", runs.join(", then "));
    Some(Way {
        value: "weights".into(),
        words,
        map,
    })
}

/// The question how the blocks of a stack pair, and the way in force with its words. The first that the weights agree with is the default.
pub fn ask(
    id: String,
    title: String,
    [base, tuned]: [u32; 2],
    likeness: Likeness,
    answers: &Answers,
) -> (Question, Map, String) {
    let mut ways = ways(base, tuned);
    let agrees = |w: &Way| fit(&w.map, likeness).is_some_and(|least| least > ALIKE);
    let cuts = || (0..tuned.min(MOST)).rev().filter_map(|from| without(from, base, tuned));
    let (default, agreed) = match ways.iter().position(agrees) {
        Some(at) => (at, true),
        None => match cuts().find(agrees).or_else(|| by_weights(base, tuned, likeness)) {
            Some(way) => {
                ways.insert(0, way);
                (0, true)
            }
            None => (0, false),
        },
    };
    // Wherever else a run was taken out, its first block is given.
    let given = answers.0.get(&id).filter(|a| ways.iter().all(|w| w.value != **a));
    let given = given.and_then(|a| without(a.parse().ok()?, base, tuned));
    let own = given.is_some();
    ways.extend(given);
    let chosen = ways
        .iter()
        .position(|w| answers.0.get(&id) == Some(&w.value))
        .unwrap_or(default);
    let note = if agreed {
        "default: the weights agree"
    } else {
        "default"
    };
    let option = |(i, way): (usize, &Way)| QuestionOption {
        value: way.value.clone(),
        label: way.words.clone(),
        note: if i == default { note.into() } else { String::new() },
    };
    let number = base > tuned && tuned > 2;
    let mut detail =
        "Blocks were put in or taken out, so equal numbers need not be equal blocks. A wrong pairing shows every vector as an intruder.".to_owned();
    if number {
        detail += " Another value is the number of the first block that was taken out.";
    }
    let listed = ways.len().saturating_sub(usize::from(own));
    let question = Question {
        id,
        title,
        detail,
        options: ways.iter().take(listed).enumerate().map(option).collect(),
        value: ways.get(chosen).map(|w| w.value.clone()).unwrap_or_default(),
        number,
    };
    let way = ways.swap_remove(chosen);
    (question, way.map, way.words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ways_to_another_depth() {
        assert_eq!(
            expanded(4, 6),
            Some(vec![Some(0), Some(1), None, Some(2), Some(3), None])
        );
        assert_eq!(expanded(32, 40).unwrap()[4..6], [None, Some(4)]);
        let solar = stacked(32, 48).unwrap();
        assert_eq!((solar[23], solar[24], solar[47]), (Some(23), Some(8), Some(31)));
        let map = |list: &[u32]| list.iter().map(|b| Some(*b)).collect::<Map>();
        assert!(
            ways(4, 3)
                .iter()
                .any(|w| w.value == "pruned" && w.map == map(&[0, 1, 3]))
        );
        assert_eq!(without(4, 8, 6).unwrap().map, map(&[0, 1, 2, 3, 6, 7]));
        assert_eq!(without(0, 8, 6).unwrap().map, map(&[2, 3, 4, 5, 6, 7]));
        assert!(without(6, 8, 6).is_none() && without(0, 6, 8).is_none());
        assert_eq!(ways(32, 24)[0].value, "numbers");
    }

    /// A handful of options however deep the networks are; any other run of blocks is a number.
    #[test]
    fn a_run_of_blocks_is_asked_as_a_number() {
        let id = "layers:x";
        let asked = |answer: Option<&str>| {
            let answers = Answers(answer.map(|a| (id.to_owned(), a.to_owned())).into_iter().collect());
            ask(id.into(), String::new(), [80, 60], &|_, _| None, &answers)
        };
        let (question, map, _) = asked(None);
        assert!(question.options.len() <= 4 && question.number && question.value == "numbers");
        assert_eq!(map[59], Some(59));
        let (question, map, words) = asked(Some("30"));
        assert_eq!((map[29], map[30], map[59]), (Some(29), Some(50), Some(79)));
        assert_eq!(words, "Without the base’s blocks 30 to 49");
        assert!(question.value == "30" && question.options.iter().all(|o| o.value != "30"));
        assert_eq!(asked(Some("0")).1[0], Some(20));
        for wrong in ["60", "-1", "7.5", "all"] {
            assert_eq!(asked(Some(wrong)).0.value, "numbers", "{wrong}");
        }
        // A deeper network has no such run.
        assert!(
            !ask(id.into(), String::new(), [4, 6], &|_, _| None, &Answers::default())
                .0
                .number
        );
    }

    #[test]
    fn the_weights_choose_the_default() {
        let asked = |base, map: &[Option<u32>]| {
            let alike = |t: u32, b: u32| Some(if map[t as usize] == Some(b) { 0.9 } else { 0.1 });
            let sizes = [base, map.len() as u32];
            let (question, found, _) = ask("q".into(), String::new(), sizes, &alike, &Answers::default());
            (question.value, found == map)
        };
        let all = |list: &[u32]| list.iter().map(|b| Some(*b)).collect::<Map>();
        assert_eq!(asked(4, &all(&[0, 1, 2, 1, 2, 3])), ("stacked".into(), true));
        assert_eq!(asked(4, &expanded(4, 6).unwrap()), ("expanded".into(), true));
        assert_eq!(asked(8, &all(&[0, 1, 2, 3, 6, 7])), ("4".into(), true));
        assert_eq!(asked(6, &all(&[0, 1, 2, 1, 2, 3, 4, 5])), ("weights".into(), true));
        assert_eq!(asked(12, &all(&[0, 2, 4, 7, 9, 11])), ("weights".into(), true));
        assert_eq!(asked(3, &numbered(3, 5)), ("numbers".into(), true));
        // Nothing is known: as before.
        let (question, ..) = ask("q".into(), String::new(), [4, 6], &|_, _| None, &Answers::default());
        assert_eq!(
            (question.value.as_str(), question.options[0].note.as_str()),
            ("expanded", "default")
        );
    }
}
