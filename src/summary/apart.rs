//! Matrices of one layer and type told apart: by the parts of their names in which they differ.

use crate::report::Matrix;
use std::collections::HashMap;

/// A place in the network, as a table shows it.
type Place<'a> = (Option<u32>, Option<&'a str>);

/// The names of the matrices that share a place, where there are several.
#[derive(Default)]
pub struct Apart<'a> {
    crowds: HashMap<Place<'a>, Vec<Vec<&'a str>>>,
}

impl<'a> Apart<'a> {
    /// Those of the first `shown` alone are looked for among all: a large run has more than a page can take in within a frame.
    pub fn of(matrices: impl Iterator<Item = &'a Matrix> + Clone, shown: usize) -> Apart<'a> {
        let mut crowds: HashMap<Place, Vec<Vec<&str>>> = HashMap::new();
        crowds.extend(matrices.clone().take(shown).map(|m| (place(m), Vec::new())));
        for m in matrices {
            if let Some(crowd) = crowds.get_mut(&place(m)) {
                crowd.push(parts(&m.name));
            }
        }
        crowds.retain(|_, names| names.len() > 1);
        Apart { crowds }
    }

    /// "attn1 to_k" beside "attn2 to_k"; a number keeps the word before it: "experts 3, down_proj".
    pub fn words(&self, matrix: &Matrix) -> String {
        let Some(crowd) = self.crowds.get(&place(matrix)) else {
            return String::new();
        };
        let own = parts(&matrix.name);
        let same_length = crowd.iter().all(|other| other.len() == own.len());
        let differs = |n: usize| {
            // Paths of several lengths have no parts that answer one another, except at their ends.
            !same_length || crowd.iter().any(|other| other[n] != own[n])
        };
        let mut told: Vec<String> = Vec::new();
        for n in (0..own.len()).filter(|n| differs(*n)) {
            let number = own[n].bytes().all(|b| b.is_ascii_digit());
            match n.checked_sub(1).filter(|before| number && !differs(*before)) {
                Some(before) => told.push(format!("{} {}", own[before], own[n])),
                None if number && !told.is_empty() => {
                    let last = told.len() - 1;
                    told[last] = format!("{} {}", told[last], own[n]);
                }
                None => told.push(own[n].to_owned()),
            }
        }
        told.join(", ")
    }
}

fn place(m: &Matrix) -> Place<'_> {
    (m.layer, m.kind.as_deref())
}

/// The path of a name without the word that every weight has.
fn parts(name: &str) -> Vec<&str> {
    name.split('.').filter(|part| *part != "weight").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Match;
    use crate::summary::tests::matrix;

    fn told(names: &[&str]) -> Vec<String> {
        let all: Vec<Matrix> = names
            .iter()
            .map(|name| matrix(name, 3, Match::default(), Match::default()))
            .collect();
        let apart = Apart::of(all.iter(), all.len());
        all.iter().map(|m| apart.words(m)).collect()
    }

    #[test]
    fn the_parts_that_differ_are_said() {
        assert_eq!(
            told(&["down.0.attn1.to_k.weight", "down.0.attn2.to_k.weight"]),
            ["attn1", "attn2"]
        );
        assert_eq!(
            told(&[
                "layers.0.mlp.experts.0.up_proj.weight",
                "layers.0.mlp.experts.0.down_proj.weight",
                "layers.0.mlp.experts.1.up_proj.weight",
            ]),
            ["experts 0, up_proj", "experts 0, down_proj", "experts 1, up_proj"]
        );
        assert_eq!(told(&["a.attn.q.weight"]), [""]);
        assert_eq!(
            told(&["down.0.proj.weight", "mid.proj.weight"]),
            ["down 0, proj", "mid, proj"]
        );
    }
}
