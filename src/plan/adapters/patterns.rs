//! PEFT's `rank_pattern` and `alpha_pattern`: the value of the first key that fits a module, by PEFT's rule `(.*\.)?(key)$` with the key as a
//! regular expression.
//!
//! Keys are compiled once. Most are names, which are looked up; the others are matched together, within a limit: what a file may ask for is
//! the size of their automaton times the letters it runs over.

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The largest automaton of one key, and of all that are matched together, in bytes.
const MOST: usize = 1 << 18;
/// Nothing is too large for this.
const LEAST: usize = 1 << 14;
/// Bytes of an ordinary key's automaton.
const ONE: usize = 1 << 13;
/// Bytes of automaton times letters of modules.
const EFFORT: u64 = 1 << 34;
/// Keys whose dots stand for any letter: of so many forms, and so long.
const MOST_FORMS: usize = 256;
const LONGEST_DOTTED: usize = 256;
/// So many others have more than their share each.
const MOST_OTHERS: usize = 4096;

/// The keys of one pattern with their values.
#[derive(Debug, Clone, Default)]
pub struct Patterns<T> {
    values: Vec<T>,
    /// Keys as plain text, also those that are not regular expressions: the first place of each.
    names: HashMap<String, usize>,
    /// Names with dots that stand for any letter, by their form.
    dotted: BTreeMap<Form, HashMap<Vec<char>, usize>>,
    /// The others, and their places.
    set: Option<(RegexSet, Vec<usize>)>,
    /// Places of keys that are compared as plain text only.
    plain: HashSet<usize>,
}

/// The form of a key, its length and the places of its dots: keys of one form differ in other letters only, so that they are looked up.
type Form = (usize, Vec<usize>);

/// A part of a name, as a regular expression reads it.
enum Letter {
    One(char),
    Any,
}

/// The letters of a key that has no other operator than the dot.
fn letters(key: &str) -> Option<Vec<Letter>> {
    let mut letters = Vec::new();
    let mut rest = key.chars();
    while let Some(c) = rest.next() {
        letters.push(match c {
            '.' => Letter::Any,
            '\\' => Letter::One(rest.next().filter(char::is_ascii_punctuation)?),
            c if c.is_alphanumeric() || c == '_' || c == '-' => Letter::One(c),
            _ => return None,
        });
    }
    Some(letters)
}

fn whole(key: &str) -> String {
    format!(r"^(?:.*\.)?(?:{key})$")
}

impl<T: Copy> Patterns<T> {
    /// `letters_of_modules`: how many letters it will be matched with in all.
    pub fn new(keys: &[(String, T)], letters_of_modules: usize) -> Patterns<T> {
        let mut all = Patterns {
            values: keys.iter().map(|(_, value)| *value).collect(),
            names: HashMap::new(),
            dotted: BTreeMap::new(),
            set: None,
            plain: HashSet::new(),
        };
        let mut others = Vec::new();
        for (at, (key, _)) in keys.iter().enumerate() {
            all.names.entry(key.clone()).or_insert(at);
            let Some(letters) = letters(key) else {
                others.push(at);
                continue;
            };
            let text = |any: char| -> Vec<char> {
                letters
                    .iter()
                    .map(|l| if let Letter::One(c) = l { *c } else { any })
                    .collect()
            };
            all.names.entry(text('.').into_iter().collect()).or_insert(at);
            if !letters.iter().any(|l| matches!(l, Letter::Any)) {
                continue;
            }
            let key: Vec<char> = text(ANY);
            let dots = key.iter().enumerate().filter(|(_, c)| **c == ANY).map(|(i, _)| i);
            let form = (key.len(), dots.collect());
            if key.len() <= LONGEST_DOTTED && (all.dotted.len() < MOST_FORMS || all.dotted.contains_key(&form)) {
                all.dotted.entry(form).or_default().entry(key).or_insert(at);
            } else {
                all.plain.insert(at);
            }
        }
        let share = EFFORT.checked_div(letters_of_modules as u64).unwrap_or(EFFORT);
        let limit = share.clamp(LEAST as u64, MOST as u64) as usize;
        all.compile(keys, others, limit);
        all
    }

    /// All together where that is within the limit; else those that are within their share of it.
    fn compile(&mut self, keys: &[(String, T)], others: Vec<usize>, limit: usize) {
        let build = |places: &[usize], limit: usize| {
            let all = places.iter().filter_map(|at| keys.get(*at)).map(|(key, _)| whole(key));
            RegexSetBuilder::new(all).size_limit(limit).build()
        };
        if others.is_empty() {
            return;
        }
        if let Ok(set) = build(&others, limit) {
            self.set = Some((set, others));
            return;
        }
        // Few dear keys do not push out the others; of many each has its share alone.
        let share = limit.checked_div(others.len()).unwrap_or(limit);
        let shares = [
            if others.len() <= MOST_OTHERS {
                share.max(ONE)
            } else {
                share
            },
            share,
        ];
        for share in shares {
            let fits = |at: &usize| {
                keys.get(*at)
                    .is_some_and(|(key, _)| RegexBuilder::new(&whole(key)).size_limit(share).build().is_ok())
            };
            let (own, plain): (Vec<usize>, Vec<usize>) = others.iter().partition(|at| fits(at));
            if let Ok(set) = build(&own, limit) {
                self.plain.extend(plain);
                self.set = Some((set, own));
                return;
            }
        }
        self.plain.extend(others);
    }

    /// The value of the first key that fits the module.
    pub fn pick(&self, module: &str) -> Option<T> {
        let ends = std::iter::once(module).chain(
            module
                .match_indices('.')
                .filter_map(|(at, _)| module.get(at.checked_add(1)?..)),
        );
        let named = ends.filter_map(|end| self.names.get(end).copied()).min();
        let letters: Vec<char> = if self.dotted.is_empty() {
            Vec::new()
        } else {
            module.chars().collect()
        };
        let forms = self.dotted.iter();
        let dotted = forms
            .filter_map(|(form, keys)| keys.get(&read_as(&letters, form)?).copied())
            .min();
        let by_set = self
            .set
            .as_ref()
            .and_then(|(set, places)| places.get(set.matches(module).iter().next()?).copied());
        let first = [named, dotted, by_set].into_iter().flatten().min()?;
        self.values.get(first).copied()
    }

    /// The places of keys that are compared as plain text: they are not regular expressions that can be read here (look-around, damage), or
    /// ask for too much.
    pub fn plain(&self) -> &HashSet<usize> {
        &self.plain
    }
}

/// Stands for any letter in a dotted key; no name of a module has it.
const ANY: char = '\u{0}';

/// The end of a name as a key of that form would be written; none where it does not begin the name or stand after a dot.
fn read_as(name: &[char], (length, dots): &Form) -> Option<Vec<char>> {
    let (before, end) = name.split_at_checked(name.len().checked_sub(*length)?)?;
    if before.last().is_some_and(|c| *c != '.') {
        return None;
    }
    let mut end = end.to_vec();
    for dot in dots {
        let letter = end.get_mut(*dot)?;
        if *letter == '\n' {
            return None;
        }
        *letter = ANY;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[(&str, u64)]) -> Patterns<u64> {
        let keys: Vec<(String, u64)> = keys.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        Patterns::new(&keys, 1000)
    }

    #[test]
    fn a_key_fits_at_the_end_at_a_dot_and_the_first_wins() {
        let all = of(&[("q_proj", 4), (r"layers\.0\..*", 2), ("[", 1)]);
        assert_eq!(all.pick("model.layers.3.self_attn.q_proj"), Some(4));
        assert_eq!(all.pick("model.layers.3.self_attn.my_q_proj"), None);
        assert_eq!(all.pick("model.layers.0.self_attn.q_proj"), Some(4));
        assert_eq!(all.pick("model.layers.0.mlp.up_proj"), Some(2));
        assert_eq!(all.pick("a.["), Some(1));
        assert!(all.plain().contains(&2) && all.plain().len() == 1);
    }

    #[test]
    fn a_dot_of_a_key_is_any_letter_unless_it_is_escaped() {
        let all = of(&[("up.blocks", 1), (r"down\.blocks", 2), ("up_blocks", 3)]);
        assert_eq!(all.pick("a.up_blocks"), Some(1));
        assert_eq!(all.pick("up.blocks"), Some(1));
        assert_eq!(all.pick("a.down.blocks"), Some(2));
        assert_eq!(all.pick("a.down_blocks"), None);
        assert_eq!(all.pick("xup.blocks"), None);
    }

    /// The rule said as PEFT says it, key by key.
    fn slowly(keys: &[(&str, u64)], module: &str) -> Option<u64> {
        let fits = |key: &str| {
            module == key
                || module.strip_suffix(key).is_some_and(|b| b.ends_with('.'))
                || regex::Regex::new(&whole(key)).is_ok_and(|r| r.is_match(module))
        };
        keys.iter().find(|(k, _)| fits(k)).map(|(_, v)| *v)
    }

    #[test]
    fn the_same_answer_as_key_by_key() {
        let keys = [
            (".*q", 1),
            ("a.b", 2),
            (r"a\.b", 3),
            ("(a|c)+", 4),
            ("a_b", 5),
            ("b", 6),
            (r"\d+\.b", 7),
            ("c.", 8),
            ("a.*b", 9),
            ("", 10),
            (".", 11),
        ];
        let words = ["a", "b", "c", "q", "7", "a_b", "aq", "cx", ""];
        for first in words {
            for second in words {
                for third in words {
                    let module = format!("{first}.{second}.{third}");
                    for from in 0..keys.len() {
                        let own = &keys[from..];
                        assert_eq!(of(own).pick(&module), slowly(own, &module), "{module} from {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_asks_for_too_much_is_plain_text_and_the_others_stay() {
        let mut keys: Vec<(String, u64)> = (0..300).map(|i| (format!(r"\w{{{}}}x{i}", 60 + i % 30), 1)).collect();
        keys.push((".*q_proj".into(), 2));
        let all = Patterns::new(&keys, 300 * 60);
        assert_eq!(all.plain().len(), 300);
        assert_eq!(all.pick("model.layers.0.q_proj"), Some(2));
        assert_eq!(all.pick(&format!("{}x5", "a".repeat(65))), None);
    }
}
