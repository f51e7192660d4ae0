//! The base: which set it is, and which of its matrices are looked at.

use crate::checkpoint::ModelConfig;
use crate::plan::files::FileEntry;
use crate::plan::files::components::{self, Component};
use crate::plan::files::folders::Files;
use crate::plan::files::problems::unpacked_name;
use crate::plan::files::sets::FileSet;
use crate::plan::job::{Job, Recipe, Scheme, TensorRef};
use crate::plan::models::regions;
use crate::plan::names::families::GateUp;
use crate::plan::names::orientation::Orientation;
use crate::plan::names::{Place, canonical, is_slice, place};
use crate::plan::pairing::matching::Named;
use crate::plan::selection::Selection;
use crate::plan::{Answers, PlanBase, PlanType, Question, QuestionOption};
use crate::report::FileInfo;
use crate::series::type_order;
use std::collections::{BTreeSet, HashMap};

/// A weight of the base: a matrix, or a kernel taken as one.
#[derive(Debug, Clone)]
pub struct BaseMatrix {
    pub tensor: TensorRef,
    pub place: Place,
    /// Stored as `[in, out]`.
    pub transposed: bool,
}

impl BaseMatrix {
    /// The work on it: how models make theirs from it. Nothing follows another.
    pub fn job(&self, tuned: Vec<(u32, Recipe)>) -> Job {
        let [rows, cols] = shape(&self.tensor).map(|d| d as u32);
        let (rows, cols) = if self.transposed { (cols, rows) } else { (rows, cols) };
        Job {
            base: self.tensor.clone(),
            layer: self.place.layer,
            kind: self.place.kind.map(str::to_owned),
            rows,
            cols,
            transposed: self.transposed,
            lines: None,
            follows: vec![None; tuned.len()],
            tuned,
        }
    }
}

/// The chosen base with its weights, in the order of layers and of the file.
#[derive(Debug, Clone)]
pub struct Base {
    pub set: usize,
    pub matrices: Vec<BaseMatrix>,
    /// Canonical names and shapes `[out, in]` of `matrices`.
    pub named: Vec<Named>,
    pub selection: Selection,
    /// Its weights that are stored as `[in, out]`.
    pub orientation: Orientation,
    pub config: Option<ModelConfig>,
    /// The model of a pipeline that it is, where its folder or configuration says so.
    pub component: Option<Component>,
    /// The models of a pipeline that its names say it holds.
    pub regions: BTreeSet<Component>,
}

/// Begins a name that stands for a matrix which must not pair; it is never shown.
pub const HIDDEN: &str = "\u{0}";

/// The question whose answer is the base.
pub const QUESTION: &str = "base";

/// Chooses among the candidate sets, first of all one that adapters pair with; those that are `packed` cannot be read. Asks where there are
/// several: nothing in the files says which came first.
pub fn choose(
    readable: &[usize],
    packed: &[usize],
    sets: &[FileSet],
    adapters: impl Fn(usize) -> usize,
    hints: &[String],
    answers: &Answers,
) -> (Option<usize>, Option<Question>) {
    let candidates: Vec<usize> = readable.iter().chain(packed).copied().collect();
    let by_answer = answers.0.get(QUESTION).and_then(|label| {
        candidates
            .iter()
            .find(|c| sets.get(**c).is_some_and(|s| s.label == *label))
    });
    let size = |c: usize| sets.get(c).map_or(0, weight_bytes);
    let largest = candidates.iter().map(|c| size(*c)).max().unwrap_or(0);
    let hints: BTreeSet<String> = hints.iter().map(|h| h.to_lowercase()).collect();
    let all_equal = candidates.iter().all(|c| size(*c) == largest);
    // An adapter is trained on 4 bits, and no training writes them: a model of 16 bits beside them is a merged copy, or, where its name says so,
    // the one that they were packed from.
    let label = |c: usize| sets.get(c).map(|s| s.label.to_lowercase());
    let trained_on: BTreeSet<usize> = candidates
        .iter()
        .filter(|c| adapters(**c) > 0)
        .filter_map(|c| {
            let own = sets.get(*c).filter(|set| is_four_bit(set))?;
            let plain = unpacked_name(&own.label).map(str::to_lowercase);
            let unpacked = candidates
                .iter()
                .find(|other| plain.is_some() && label(**other) == plain);
            Some(*unpacked.unwrap_or(c))
        })
        .collect();
    let score = |c: usize| {
        let name = sets
            .get(c)
            .map(|set| format!("{}/{}", set.folder, set.label).to_lowercase());
        let name = name.unwrap_or_default();
        let says = |words: &[&str]| words.iter().any(|w| name.contains(w));
        let ends = name.char_indices().filter_map(|(at, _)| name.get(at..)).chain([""]);
        let hinted = !hints.is_empty() && ends.into_iter().any(|end| hints.contains(end));
        let inside = !hinted && name.split('/').any(|part| hints.contains(part));
        let words = [
            (says(&["base", "pretrain", "pre-train", "original"]), 4),
            (hinted, 4),
            // Its files lie in a folder of that name.
            (inside, 3),
            (trained_on.contains(&c), 2),
            (
                says(&["tuned", "full", "-ft", "_ft", "merged", "checkpoint", "sft", "dpo"]),
                -2,
            ),
            (!all_equal && size(c) == largest, 1),
            (packed.contains(&c), -1),
        ];
        words.into_iter().filter(|(said, _)| *said).map(|(_, n)| n).sum::<i32>()
    };
    // The first of the best: files arrive in the order in which people think of them.
    let default = candidates.iter().rev().max_by_key(|c| (adapters(**c), score(**c)));
    let chosen = by_answer.or(default).copied();
    let label = |c: usize| sets.get(c).map(|s| s.label.clone()).unwrap_or_default();
    let question = (candidates.len() > 1 && !readable.is_empty()).then(|| Question {
        id: QUESTION.into(),
        title: "Which model is the base?".into(),
        detail: "Every fine-tune is compared with it.".into(),
        options: candidates
            .iter()
            .map(|c| QuestionOption {
                value: label(*c),
                label: label(*c),
                note: match (Some(c) == default, packed.contains(c)) {
                    (true, true) => "default; it is packed and cannot be read".into(),
                    (true, false) => "default".into(),
                    (false, true) => "packed, cannot be read".into(),
                    (false, false) => String::new(),
                },
            })
            .collect(),
        value: chosen.map(label).unwrap_or_default(),
        number: false,
    });
    (chosen, question)
}

/// Whether its weights are 4 bits each, which are read as the numbers they stand for.
pub fn is_four_bit(set: &FileSet) -> bool {
    let four = |t: &TensorRef| {
        t.packing
            .as_ref()
            .is_some_and(|p| matches!(p.scheme, Scheme::FourBit { .. }))
    };
    set.tensors.iter().any(four)
}

fn weight_bytes(set: &FileSet) -> u64 {
    set.tensors.iter().fold(0, |all, t| t.bytes().saturating_add(all))
}

/// True for two dimensions, and for a convolution's three to five, of a size that can be counted.
pub fn is_matrix(t: &TensorRef) -> bool {
    (2..=5).contains(&t.shape.len()) && is_counted(t)
}

/// True where neither side is empty or beyond counting.
pub fn is_counted(t: &TensorRef) -> bool {
    shape(t).iter().all(|d| *d > 0 && *d <= u64::from(u32::MAX))
}

/// The weights of a set.
pub fn matrices(index: usize, set: &FileSet, entries: &Files, selection: Selection) -> Base {
    let config = entries.config(&set.folder).cloned();
    let orientation = Orientation::of(&set.tensors, config.as_ref().and_then(|c| c.model_type.as_deref()));
    let mut matrices: Vec<BaseMatrix> = set
        .tensors
        .iter()
        .filter_map(|t| {
            let name = canonical(&t.name).name;
            selection.takes(t, &name).then(|| BaseMatrix {
                tensor: t.clone(),
                place: place(&name).of(&t.shape),
                transposed: t.shape.len() == 2 && orientation.is_in_out(&name).unwrap_or(false),
            })
        })
        .collect();
    matrices.sort_by_key(|m| (m.place.layer.is_none(), m.place.layer, type_order(m.place.kind)));
    let oriented = |m: &BaseMatrix| {
        let [rows, cols] = shape(&m.tensor);
        if m.transposed { [cols, rows] } else { [rows, cols] }
    };
    let named: Vec<Named> = matrices
        .iter()
        .map(|m| Named {
            name: canonical(&m.tensor.name).name.into_owned(),
            shape: oriented(m),
        })
        .collect();
    let component = components::of_set(set, config.as_ref());
    let regions = if component.is_some() {
        BTreeSet::new()
    } else {
        regions(named.iter().map(|n| n.name.as_str()))
    };
    Base {
        set: index,
        matrices,
        named,
        selection,
        orientation,
        config,
        component,
        regions,
    }
}

/// `[out, in]` as stored, a kernel behind the inputs; 0 where it cannot be counted.
pub fn shape(tensor: &TensorRef) -> [u64; 2] {
    let cols = tensor
        .shape
        .get(1..)
        .and_then(|rest| rest.iter().try_fold(1u64, |n, d| n.checked_mul(*d)));
    [tensor.shape.first().copied().unwrap_or(0), cols.unwrap_or(0)]
}

impl Base {
    /// The base with the names of one region only; the places stay.
    pub fn only(&self, region: Component) -> Base {
        let named = self.named.iter().enumerate();
        let others = named.filter(|(_, n)| components::of_name(&n.name) != Some(region));
        self.without(&others.map(|(i, _)| i).collect::<Vec<_>>())
    }

    /// The base with names in the place of some that nothing pairs with.
    pub fn without(&self, hidden: &[usize]) -> Base {
        let mut own = self.clone();
        for i in hidden {
            if let Some(named) = own.named.get_mut(*i) {
                named.name = format!("{HIDDEN}{i}");
            }
        }
        own
    }

    /// Takes in the copies that one model asked for, of which `seen` has more than the `shared` matrices, and gives its recipes their places.
    pub fn adopt(&mut self, seen: &Base, shared: usize, recipes: &mut [(usize, Recipe)]) {
        if seen.matrices.len() == shared {
            return;
        }
        let mut places: HashMap<String, usize> = (shared..self.named.len())
            .filter_map(|i| Some((self.named.get(i)?.name.clone(), i)))
            .collect();
        for (matrix, _) in recipes.iter_mut().filter(|(matrix, _)| *matrix >= shared) {
            let (Some(named), Some(own)) = (seen.named.get(*matrix), seen.matrices.get(*matrix)) else {
                continue;
            };
            let place = *places.entry(named.name.clone()).or_insert(self.named.len());
            if place == self.named.len() {
                self.named.push(named.clone());
                self.matrices.push(own.clone());
            }
            *matrix = place;
        }
    }

    /// The layout of gate and up in a fused matrix.
    pub fn gate_up(&self, matrix: usize) -> GateUp {
        let of_experts = self.named.get(matrix).is_some_and(|n| n.name.contains("experts"));
        self.orientation
            .family()
            .filter(|_| of_experts)
            .map_or(GateUp::Halves, |f| f.gate_up)
    }

    /// Whether its experts lie as `[E, out, in]`.
    pub fn stores_experts_out_in(&self) -> bool {
        self.matrices.iter().any(|m| is_slice(&m.tensor.name) && !m.transposed)
    }

    /// Whether a matrix is looked at.
    pub fn is_selected(&self, matrix: usize) -> bool {
        let own = self.named.get(matrix).zip(self.matrices.get(matrix));
        own.is_some_and(|(named, m)| self.selection.includes(&named.name, &m.place))
    }

    /// The types of its matrices.
    pub fn types(&self) -> Vec<PlanType> {
        self.selection.types(
            self.named
                .iter()
                .map(|n| n.name.as_str())
                .zip(self.matrices.iter().map(|m| &m.place)),
        )
    }

    pub fn summary(&self, sets: &[FileSet], entries: &[FileEntry]) -> PlanBase {
        let set = sets.get(self.set);
        let selected = || {
            self.matrices
                .iter()
                .enumerate()
                .filter(|(i, _)| self.is_selected(*i))
                .map(|(_, m)| m)
        };
        let mut dtypes: Vec<&str> = Vec::new();
        let mut types: Vec<String> = Vec::new();
        for m in selected() {
            if !dtypes.contains(&m.tensor.dtype.name()) {
                dtypes.push(m.tensor.dtype.name());
            }
            let kind = m.place.kind.unwrap_or("other").to_owned();
            if !types.contains(&kind) {
                types.push(kind);
            }
        }
        let layers: BTreeSet<_> = selected().filter_map(|m| m.place.layer).collect();
        PlanBase {
            label: set.map(|s| s.label.clone()).unwrap_or_default(),
            files: set.map(|s| file_infos(&s.files, entries)).unwrap_or_default(),
            dtype: dtypes.join(" + "),
            layers: layers.len() as u32,
            types,
            matrices: selected().count() as u32,
        }
    }
}

pub fn file_infos(files: &[usize], entries: &[FileEntry]) -> Vec<FileInfo> {
    files
        .iter()
        .filter_map(|f| entries.get(*f))
        .map(|entry| FileInfo {
            name: entry.path.clone(),
            size: entry.size,
            sha256: None,
        })
        .collect()
}
