//! Samples: a few numbers of every block, which say which blocks of two checkpoints are the same.

use super::FileEntry;
use super::sets::FileSet;
use crate::plan::names::{canonical, stack};
use std::collections::{BTreeMap, HashMap};

/// Numbers of a model's blocks, by stack and number, then by the name within the block.
#[derive(Debug, Default)]
pub struct Samples(HashMap<String, HashMap<u32, BTreeMap<String, Vec<f32>>>>);

impl Samples {
    pub fn of(set: &FileSet, entries: &[FileEntry]) -> Samples {
        let mut all = Samples::default();
        let headers = set.files.iter().filter_map(|f| entries.get(*f)?.header());
        for (name, numbers) in headers.flat_map(|h| &h.samples) {
            let name = canonical(name).name;
            let Some((stack, layer)) = stack(&name) else { continue };
            let within = name.get(stack.len()..).unwrap_or_default();
            let within = within.trim_start_matches('.').split_once('.');
            let within = within.map_or("", |(_, within)| within).to_owned();
            let block = all.0.entry(stack.to_owned()).or_default().entry(layer).or_default();
            block.insert(within, numbers.clone());
        }
        all
    }

    fn block(&self, (stack, layer): (&str, u32)) -> Option<&BTreeMap<String, Vec<f32>>> {
        self.0.get(stack)?.get(&layer)
    }

    /// The cosine between the numbers of two blocks; none where nothing can be compared.
    pub fn likeness(&self, own: (&str, u32), other: &Samples, theirs: (&str, u32)) -> Option<f64> {
        let (a, b) = (self.block(own)?, other.block(theirs)?);
        let (x, y) = a.iter().find_map(|(within, x)| Some((x, b.get(within)?)))?;
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            x.iter().zip(y).map(|(x, y)| f(f64::from(*x), f64::from(*y))).sum()
        };
        let cosine = sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
        cosine.is_finite().then_some(cosine)
    }
}
