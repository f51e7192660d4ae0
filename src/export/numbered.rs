//! Tensors whose names differ in one number: what a script says once and loops over.

use crate::report::Source;

/// One tensor: its file, and its name there.
type Tensor = (String, String);

/// How W is made of W0 and the tensors of a script: W = a where there is no b, W0 + scale b a otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    pub base: Tensor,
    pub transposed: bool,
    pub a: Tensor,
    pub b: Option<Tensor>,
    pub scale: f64,
}

/// One recipe for the layers in which everything but their number is equal; no numbers: the recipe of one matrix as it stands.
#[derive(Debug, PartialEq)]
pub(super) struct Group {
    pub recipe: Recipe,
    pub numbers: Vec<u32>,
}

impl Recipe {
    /// None where W is neither stored nor a product of two stored factors.
    pub fn of(source: &Source) -> Option<Recipe> {
        let tensor = |part: &str| {
            let found = source.parts.iter().find(|p| p.part == part)?;
            Some((found.file.clone(), found.tensor.clone()))
        };
        let is_lora = source.parts.iter().all(|p| p.part.starts_with("lora_")) && tensor("lora_mid").is_none();
        let (a, b, scale) = match (tensor("W"), source.parts.len()) {
            (Some(whole), 1) => (whole, None, 1.0),
            _ if is_lora => (
                tensor("lora_A")?,
                Some(tensor("lora_B")?),
                source.scale.filter(|s| s.is_finite())?,
            ),
            _ => return None,
        };
        Some(Recipe {
            a,
            b,
            scale,
            ..Recipe::stored(source, "")
        })
    }

    /// W as a checkpoint in another folder holds it, under the name of the base.
    pub fn stored(source: &Source, file: &str) -> Recipe {
        Recipe {
            base: (source.base.file.clone(), source.base.tensor.clone()),
            transposed: source.transposed,
            a: (file.to_owned(), source.base.tensor.clone()),
            b: None,
            scale: 1.0,
        }
    }

    fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        [&self.base, &self.a].into_iter().chain(&self.b)
    }

    /// With the marker where the number stands in every name; none where one of them lacks it.
    fn marked(&self, number: u32, marker: &str) -> Option<Recipe> {
        let mark = |(file, name): &Tensor| Some((file.clone(), marked(name, &number.to_string(), marker)?));
        Some(Recipe {
            base: mark(&self.base)?,
            a: mark(&self.a)?,
            b: match &self.b {
                Some(b) => Some(mark(b)?),
                None => None,
            },
            ..self.clone()
        })
    }
}

/// A marker that is part of no name.
pub(super) fn marker<'a>(recipes: impl Iterator<Item = &'a Recipe> + Clone) -> String {
    let is_taken = |marker: &str| {
        recipes
            .clone()
            .flat_map(Recipe::tensors)
            .any(|(_, name)| name.contains(marker))
    };
    let mut letters = "n".to_owned();
    while is_taken(&format!("{{{letters}}}")) {
        letters.push('n');
    }
    format!("{{{letters}}}")
}

/// The groups of recipes of layers, in the order of their first ones.
pub(super) fn groups(recipes: Vec<(Recipe, Option<u32>)>, marker: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (recipe, layer) in recipes {
        let Some((layer, marked)) = layer.and_then(|layer| Some((layer, recipe.marked(layer, marker)?))) else {
            groups.push(Group {
                recipe,
                numbers: vec![],
            });
            continue;
        };
        match groups.iter_mut().find(|g| g.recipe == marked) {
            Some(group) => group.numbers.push(layer),
            None => groups.push(Group {
                recipe: marked,
                numbers: vec![layer],
            }),
        }
    }
    groups
}

/// The name with the first number that stands between dots or underscores and is this one replaced.
fn marked(name: &str, number: &str, marker: &str) -> Option<String> {
    let is_edge = |c: Option<char>| c.is_some_and(|c| c == '.' || c == '_');
    name.match_indices(number).find_map(|(at, _)| {
        let (before, after) = (name.get(..at)?, name.get(at + number.len()..)?);
        (is_edge(before.chars().next_back()) && is_edge(after.chars().next()))
            .then(|| format!("{before}{marker}{after}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(base: &str, a: &str) -> Recipe {
        Recipe {
            base: ("base.safetensors".into(), base.into()),
            transposed: false,
            a: ("tuned.safetensors".into(), a.into()),
            b: None,
            scale: 1.0,
        }
    }

    #[test]
    fn every_name_comes_back_from_its_group() {
        let names = [
            ("layers.0.q", "x_0_q", Some(0)),
            ("layers.1.q", "x_1_q", Some(1)),
            ("layers.11.q", "x_11_q", Some(11)),
            ("layers.1.experts.1.q", "x_1_q", Some(1)),
            ("layers.1.{n}.q", "x_1_q", Some(1)),
            ("layers.2.q", "other", Some(2)),
            ("embed", "embed", None),
        ];
        let recipes: Vec<_> = names.map(|(base, a, layer)| (recipe(base, a), layer)).to_vec();
        let marker = marker(recipes.iter().map(|r| &r.0));
        assert_eq!(marker, "{nn}");
        let groups = groups(recipes, &marker);
        assert_eq!(groups[0].numbers, [0, 1, 11]);
        let mut back: Vec<(String, String)> = Vec::new();
        for Group { recipe, numbers } in &groups {
            let named = |n: &str| (recipe.base.1.replace(&marker, n), recipe.a.1.replace(&marker, n));
            if numbers.is_empty() {
                back.push(named("?"));
            }
            back.extend(numbers.iter().map(|n| named(&n.to_string())));
        }
        let mut wanted: Vec<_> = names.iter().map(|n| (n.0.to_owned(), n.1.to_owned())).collect();
        back.sort();
        wanted.sort();
        assert_eq!(back, wanted);
    }
}
