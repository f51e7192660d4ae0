//! Kinds of networks, told by names where neither folder nor configuration says it: what ComfyUI and others keep bare, beside a network for
//! images, is not a fine-tune of it.

use super::layouts;
use super::renames::neutral;
use super::{canonical, place};
use crate::plan::Answers;
use crate::plan::adapters::drafts::Draft;
use crate::plan::base::{QUESTION, is_matrix, shape};
use crate::plan::files::Tensors;
use crate::plan::files::sets::FileSet;
use crate::plan::job::TensorRef;
use crate::plan::pairing::matching::{Named, Shapes, pair};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A network for images, video or sound.
    Image,
    /// A part of its pipeline that is known by its names.
    Part(&'static str),
    Other,
}

/// A part of a pipeline: what it is, how the names of all its blocks begin, and a word that one of its names has.
const PARTS: [(&str, &str, &str); 5] = [
    ("a text encoder (T5)", r"^encoder\.block\.\d+\.layer\.", "SelfAttention"),
    (
        "a text encoder (CLIP)",
        r"^(?:text_model\.)?encoder\.layers\.",
        "token_embedding",
    ),
    (
        "a text encoder (OpenCLIP)",
        r"^(?:model\.)?transformer\.resblocks\.",
        "token_embedding",
    ),
    ("an image encoder", r"^(?:vision_model|visual)\.", ""),
    ("the VAE", r"^(?:encoder|decoder)\.(?:down|up|mid)\w*\.", ""),
];

static BLOCKS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let one = |(_, blocks, _): &(&str, &str, &str)| Regex::new(blocks).expect("the patterns compile: tested");
    PARTS.iter().map(one).collect()
});

/// The matrices in blocks, under canonical names.
fn blocks(tensors: &Tensors) -> Vec<Named> {
    let one = |t: &TensorRef| Named {
        name: canonical(&t.name).name.into_owned(),
        shape: shape(t),
    };
    let all = tensors.iter().filter(|t| is_matrix(t)).map(one);
    all.filter(|n| place(&n.name).layer.is_some()).collect()
}

/// Whether a model is in another: an encoder in a file with a whole pipeline.
fn is_in(part: &Tensors, whole: &Tensors) -> bool {
    let [part, whole] = [part, whole].map(|tensors| {
        let mut all = blocks(tensors);
        all.iter_mut().for_each(|n| n.name = neutral(&n.name));
        all
    });
    pair(&whole, &part, Shapes::Same).pairs.len().saturating_mul(3) >= part.len()
}

impl Kind {
    /// The words for it, where nothing pairs with it.
    fn words(self, beside_image: bool) -> &'static str {
        match self {
            Kind::Part(what) => what,
            Kind::Image => "a network for images, which nothing here pairs with",
            Kind::Other if beside_image => "a text encoder or another model beside the network",
            Kind::Other => "a model of another kind, which nothing here pairs with",
        }
    }
}

/// A model that may be the base.
struct Candidate<'a> {
    /// Its place among the sets.
    at: usize,
    set: &'a FileSet,
    kind: Kind,
    /// Of the matrices in its blocks.
    shapes: BTreeSet<[u64; 2]>,
}

impl Candidate<'_> {
    fn of(at: usize, set: &FileSet) -> Candidate<'_> {
        let blocks = blocks(&set.tensors);
        Candidate {
            at,
            set,
            kind: kind(&set.tensors, &blocks),
            shapes: blocks.into_iter().map(|n| n.shape).collect(),
        }
    }

    /// Two of a kind may be a base and its fine-tune; two parts of a pipeline only where they are equally large.
    fn is_like(&self, other: &Candidate) -> bool {
        let is_part = matches!(self.kind, Kind::Part(_));
        self.at != other.at && self.kind == other.kind && (!is_part || !self.shapes.is_disjoint(&other.shapes))
    }
}

fn kind(tensors: &Tensors, blocks: &[Named]) -> Kind {
    let names = || blocks.iter().map(|n| n.name.as_str());
    let has = |word: &str| tensors.iter().any(|t| t.name.contains(word));
    let part = PARTS
        .iter()
        .zip(&*BLOCKS)
        .find(|((_, _, word), all)| !blocks.is_empty() && names().all(|n| all.is_match(n)) && has(word));
    match part {
        Some(((what, ..), _)) => Kind::Part(what),
        None if layouts::of(names()).is_some_and(|l| l.image) || has("diffusion_model.") => Kind::Image,
        None => Kind::Other,
    }
}

/// The models that nothing here pairs with, beside others of another kind that something does pair with: what each is. `drafts` were tried on
/// all of them.
pub fn companions(
    models: &[usize],
    sets: &[FileSet],
    drafts: &[Draft],
    answers: &Answers,
) -> Vec<(usize, &'static str)> {
    if models.len() < 2 {
        return Vec::new();
    }
    let all: Vec<Candidate> = models
        .iter()
        .filter_map(|at| Some(Candidate::of(*at, sets.get(*at)?)))
        .collect();
    let images: BTreeSet<usize> = all.iter().filter(|c| c.kind == Kind::Image).map(|c| c.at).collect();
    // An adapter of a whole pipeline pairs with each of its models; what is meant is the network.
    let is_adapted = |c: &Candidate| {
        let fits = |d: &Draft| d.fits.contains(&c.at) && (c.kind == Kind::Image || d.fits.is_disjoint(&images));
        drafts.iter().any(fits)
    };
    let has_like = |c: &Candidate| all.iter().any(|other| c.is_like(other));
    let mut meant: Vec<&Candidate> = all.iter().filter(|c| is_adapted(c) || has_like(c)).collect();
    if meant.is_empty() {
        // Nothing pairs with anything: of a pipeline, the network is what is looked at.
        meant = all.iter().filter(|c| c.kind == Kind::Image).collect();
    }
    if meant.is_empty() {
        return Vec::new();
    }
    let beside_image = meant.iter().any(|c| c.kind == Kind::Image);
    let is_meant: BTreeSet<usize> = meant.iter().map(|c| c.at).collect();
    let is_asked = |c: &Candidate| answers.0.get(QUESTION) == Some(&c.set.label);
    let is_inside = |c: &Candidate| meant.iter().any(|m| is_in(&c.set.tensors, &m.set.tensors));
    all.iter()
        .filter(|c| !is_meant.contains(&c.at) && !is_asked(c) && !is_inside(c))
        .map(|c| (c.at, c.kind.words(beside_image)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Dtype;

    fn set(names: &[&str]) -> Tensors {
        names
            .iter()
            .map(|name| TensorRef::of(name, Dtype::F32, &[4, 4]))
            .collect()
    }

    #[test]
    fn bare_files_are_known_by_their_names() {
        let check = |names: &[&str], wanted| assert_eq!(kind(&set(names), &blocks(&set(names))), wanted, "{names:?}");
        check(
            &["shared.weight", "encoder.block.0.layer.0.SelfAttention.q.weight"],
            Kind::Part("a text encoder (T5)"),
        );
        check(
            &[
                "text_model.encoder.layers.0.self_attn.q_proj.weight",
                "text_model.embeddings.token_embedding.weight",
            ],
            Kind::Part("a text encoder (CLIP)"),
        );
        check(
            &["vision_model.encoder.layers.0.self_attn.q_proj.weight"],
            Kind::Part("an image encoder"),
        );
        check(
            &[
                "encoder.down.0.block.0.conv1.weight",
                "decoder.up.0.block.0.conv1.weight",
            ],
            Kind::Part("the VAE"),
        );
        check(&["double_blocks.0.img_attn.qkv.weight"], Kind::Image);
        check(&["model.diffusion_model.input_blocks.1.1.proj_in.weight"], Kind::Image);
        // A whole T5 or Whisper is not a part of anything.
        check(
            &[
                "encoder.block.0.layer.0.SelfAttention.q.weight",
                "decoder.block.0.layer.0.SelfAttention.q.weight",
            ],
            Kind::Other,
        );
        check(&["model.layers.0.self_attn.q_proj.weight"], Kind::Other);
    }
}
