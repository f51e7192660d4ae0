//! The base: which set it is, and which of its matrices are looked at.

use super::components::{self, Component};
use super::configs::model;
use super::families::GateUp;
use super::files::FileEntry;
use super::job::{Recipe, TensorRef};
use super::matching::Named;
use super::models::regions;
use super::names::{Place, canonical, is_slice, is_weight, place};
use super::orientation::Orientation;
use super::selection::Selection;
use super::sets::FileSet;
use super::{Answers, PlanBase, PlanType, Question, QuestionOption};
use crate::checkpoint::ModelConfig;
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

/// The chosen base with its weights, in the order of layers and of the file.
#[derive(Debug, Clone)]
pub struct Base {
    pub set: usize,
    pub matrices: Vec<BaseMatrix>,
    /// Canonical names and shapes `[out, in]` of `matrices`.
    pub named: Vec<Named>,
    pub selection: Selection,
    /// Which of its weights are stored as `[in, out]`.
    pub orientation: Orientation,
    pub config: Option<ModelConfig>,
    /// Which model of a pipeline it is, where its folder or configuration says so.
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
    let by_answer = answers
        .0
        .get(QUESTION)
        .and_then(|label| candidates.iter().find(|c| sets[**c].label == *label));
    let largest = candidates.iter().map(|c| weight_bytes(&sets[*c])).max().unwrap_or(0);
    let all_equal = candidates.iter().all(|c| weight_bytes(&sets[*c]) == largest);
    let score = |c: usize| {
        let set = &sets[c];
        let name = format!("{}/{}", set.folder, set.label).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| name.contains(w));
        let hinted = hints.iter().any(|h| name.ends_with(&h.to_lowercase()));
        i32::from(says(&["base", "pretrain", "pre-train", "original"])) * 4 + i32::from(hinted) * 4
            - i32::from(says(&[
                "tuned",
                "full",
                "-ft",
                "_ft",
                "merged",
                "checkpoint",
                "sft",
                "dpo",
            ])) * 2
            + i32::from(!all_equal && weight_bytes(set) == largest)
            - i32::from(packed.contains(&c))
    };
    // The first of the best: files arrive in the order in which people think of them.
    let default = candidates.iter().rev().max_by_key(|c| (adapters(**c), score(**c)));
    let chosen = by_answer.or(default).copied();
    let question = (candidates.len() > 1 && !readable.is_empty()).then(|| Question {
        id: QUESTION.into(),
        title: "Which model is the base?".into(),
        detail: "Every fine-tune is compared with it.".into(),
        options: candidates
            .iter()
            .map(|c| QuestionOption {
                value: sets[*c].label.clone(),
                label: sets[*c].label.clone(),
                note: match (Some(c) == default, packed.contains(c)) {
                    (true, true) => "default; it is packed and cannot be read".into(),
                    (true, false) => "default".into(),
                    (false, true) => "packed, cannot be read".into(),
                    (false, false) => String::new(),
                },
            })
            .collect(),
        value: chosen.map(|c| sets[c].label.clone()).unwrap_or_default(),
        number: false,
    });
    (chosen, question)
}

fn weight_bytes(set: &FileSet) -> u64 {
    set.tensors.iter().map(|t| t.end - t.begin).sum()
}

/// True for two dimensions, and for a convolution's three to five, of a size that can be counted.
pub fn is_matrix(t: &TensorRef) -> bool {
    let [rows, cols] = shape(t);
    (2..=5).contains(&t.shape.len()) && [rows, cols].iter().all(|d| *d > 0 && *d <= u64::from(u32::MAX))
}

/// The weights of a set.
pub fn matrices(index: usize, sets: &[FileSet], entries: &[FileEntry], selection: Selection) -> Base {
    let set = &sets[index];
    let config = model(entries, &set.folder).cloned();
    let orientation = Orientation::of(&set.tensors, config.as_ref().and_then(|c| c.model_type.as_deref()));
    let mut matrices: Vec<BaseMatrix> = set
        .tensors
        .iter()
        .filter(|t| is_matrix(t))
        .filter_map(|t| {
            let name = canonical(&t.name).name;
            is_weight(&name).then(|| BaseMatrix {
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
            name: canonical(&m.tensor.name).name,
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
    /// Itself with the names of one region only; the places stay.
    pub fn only(&self, region: Component) -> Base {
        let is_other = |i: &usize| components::of_name(&self.named[*i].name) != Some(region);
        self.without(&(0..self.named.len()).filter(is_other).collect::<Vec<_>>())
    }

    /// Itself with names in the place of some that nothing pairs with.
    pub fn without(&self, hidden: &[usize]) -> Base {
        let mut own = self.clone();
        hidden.iter().for_each(|i| own.named[*i].name = format!("{HIDDEN}{i}"));
        own
    }

    /// Takes in the copies that one model asked for, of which `seen` has more than the `shared` matrices, and gives its recipes their places.
    pub fn adopt(&mut self, seen: &Base, shared: usize, recipes: &mut [(usize, Recipe)]) {
        if seen.matrices.len() == shared {
            return;
        }
        let mut places: HashMap<String, usize> = (shared..self.named.len())
            .map(|i| (self.named[i].name.clone(), i))
            .collect();
        for (matrix, _) in recipes.iter_mut().filter(|(matrix, _)| *matrix >= shared) {
            let named = &seen.named[*matrix];
            let place = *places.entry(named.name.clone()).or_insert(self.named.len());
            if place == self.named.len() {
                self.named.push(named.clone());
                self.matrices.push(seen.matrices[*matrix].clone());
            }
            *matrix = place;
        }
    }

    /// How gate and up lie in a fused matrix.
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
        self.selection
            .includes(&self.named[matrix].name, &self.matrices[matrix].place)
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
        let set = &sets[self.set];
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
            label: set.label.clone(),
            files: file_infos(&set.files, entries),
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
        .map(|f| FileInfo {
            name: entries[*f].path.clone(),
            size: entries[*f].size,
            sha256: None,
        })
        .collect()
}
