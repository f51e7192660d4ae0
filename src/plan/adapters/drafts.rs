//! The first pass over adapters: their tensors sorted, their configuration found, and what is said of each.

use super::adapter::{self, Adapter, Module};
use super::alpha::{self, Configured, Convention, Metadata, Scaled, Sources};
use super::configs::ConfigFile;
use crate::error::Error;
use crate::methods::{LORA, METHODS, Method};
use crate::plan::base::{Base, file_infos};
use crate::plan::files::FileEntry;
use crate::plan::files::problems::{count, of_error, unpacked_name, warning};
use crate::plan::files::sets::{FileSet, Labels};
use crate::plan::models::{self, Paired};
use crate::plan::names::experts;
use crate::plan::pairing::mismatch::Side;
use crate::plan::pairing::{replication, tied};
use crate::plan::{Answers, PlanModel, Problem, Question};
use crate::report::Kind;
use regex::Regex;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// An adapter whose tensors could be sorted, before it is paired.
pub struct Draft<'a> {
    pub set: usize,
    pub label: String,
    pub adapter: Adapter,
    /// Models that most of its modules pair with, where there are several to choose from.
    pub fits: BTreeSet<usize>,
    config: Option<ConfigFile<'a>>,
    sources: Sources<'a>,
}

impl Draft<'_> {
    /// Whether it changes the weight of that name.
    fn targets(&self, weight: &str) -> bool {
        let module = weight.trim_end_matches(".weight");
        self.adapter.modules.iter().any(|m| m.name == module)
    }

    /// The base as this adapter sees it: with the copies of its layers that its configuration makes, and with a head that is its embedding.
    pub fn seen<'b>(&self, base: &'b Base) -> Cow<'b, Base> {
        let mut seen = Cow::Borrowed(base);
        let map = self.sources.layer_map();
        if !map.is_empty() {
            replication::extend(seen.to_mut(), (0u32..).zip(map.iter().copied()));
        }
        if tied::HEADS.iter().any(|(head, _)| self.targets(head)) {
            tied::extend(seen.to_mut(), |head| self.targets(head));
        }
        seen
    }

    /// Notes whether it pairs with that model.
    pub fn try_on(&mut self, base: &Base) {
        let side = Side {
            label: &self.label,
            file: "",
            what: "",
            config: None,
            named: None,
            here: None,
        };
        let seen = self.seen(base);
        let found = models::adapter(&side, &self.adapter, &self.sources, None, &seen, &Answers::default()).matching;
        if found.matched > 0 && found.matched.saturating_mul(2) >= found.total {
            self.fits.insert(base.set);
        }
    }

    /// Takes what the base says of its family; layouts of images are known by their configuration too.
    pub fn on(&mut self, base: &Base, of_images: bool) {
        let image = of_images
            || base
                .config
                .as_ref()
                .and_then(|c| c.class.as_deref())
                .is_some_and(is_image_class);
        if image && self.sources.convention == Convention::Language {
            self.sources.convention = if self.is_of_peft() {
                Convention::ImageOfPeft
            } else {
                Convention::Image
            };
        }
    }

    fn is_of_peft(&self) -> bool {
        self.adapter
            .modules
            .iter()
            .any(|m| m.stripped.contains("base_model.model."))
    }

    pub fn question(&self, answers: &Answers) -> Option<Question> {
        self.sources.question(&self.label, &self.adapter, answers)
    }
}

/// A raw state dict has a few; each would be a model of its own.
const MOST_ADAPTERS: usize = 64;

/// Classes of diffusers' networks.
fn is_image_class(class: &str) -> bool {
    [
        "UNet",
        "Transformer2DModel",
        "Transformer3DModel",
        "VideoTransformer",
        "CLIPTextModel",
    ]
    .iter()
    .any(|c| class.contains(c))
}

pub fn adapters<'a>(
    sets: &[FileSet],
    configs: &[Option<ConfigFile<'a>>],
    entries: &'a [FileEntry],
    problems: &mut Vec<Problem>,
) -> Vec<Draft<'a>> {
    let mut drafts = Vec::new();
    for ((s, set), config) in sets
        .iter()
        .enumerate()
        .zip(configs)
        .filter(|((_, set), _)| set.is_adapter)
    {
        let file = set.first_path(entries);
        let config = *config;
        if let Some(error) = config.and_then(|c| c.config.refusal.as_ref()) {
            problems.push(of_error(error, file, "Blocks 1 model"));
            continue;
        }
        if set.foreign.is_some() {
            continue;
        }
        let sorted = match adapter::sort(&set.tensors, config.map(|c| c.config)) {
            Ok(sorted) => sorted,
            Err(error) => {
                problems.push(of_error(&error, file, "Blocks 1 model"));
                continue;
            }
        };
        let several = sorted.len() > 1;
        if sorted.len() > MOST_ADAPTERS {
            let cause = format!(
                "By the names of its tensors it holds {} adapters; the first {MOST_ADAPTERS} are taken.",
                sorted.len()
            );
            let fix = "Save the adapters that you want to see in files of their own.";
            let title = "The file holds more adapters than are read".into();
            problems.push(warning("too-many-adapters", title, file, cause, fix));
        }
        for (name, adapter) in sorted.into_iter().take(MOST_ADAPTERS) {
            problems.extend(module_problems(&adapter, file));
            if adapter.modules.is_empty() {
                continue;
            }
            let label = if several {
                format!("{} ({name})", set.label)
            } else {
                set.label.clone()
            };
            let sources = sources(&adapter, set, config, entries);
            problems.extend(rank_warning(&adapter, sources.config.as_ref(), file));
            drafts.push(Draft {
                set: s,
                label,
                adapter,
                fits: BTreeSet::new(),
                config,
                sources,
            });
        }
    }
    label_bare_adapters(&mut drafts);
    drafts
}

fn sources<'a>(
    adapter: &Adapter,
    set: &FileSet,
    config: Option<ConfigFile<'a>>,
    entries: &'a [FileEntry],
) -> Sources<'a> {
    let headers = || set.files.iter().filter_map(|f| entries.get(*f)?.header());
    let metadata = headers()
        .map(|h| Metadata::read(&h.metadata, set.letters()))
        .find(|m| !m.is_empty())
        .unwrap_or_default();
    let of_peft = adapter.modules.iter().any(|m| m.stripped.contains("base_model.model."));
    let of_mlx = adapter
        .modules
        .iter()
        .any(|m| m.parts.iter().any(|(part, _)| *part == "lora_a"));
    Sources {
        config: config.and_then(|c| {
            let entry = entries.get(c.file)?;
            // From another folder: said with it.
            let own = entry.folder() == set.folder;
            let name = if own { entry.name() } else { entry.path.as_str() };
            Some(Configured::new(Cow::Borrowed(c.config), name, set.letters()))
        }),
        metadata,
        named: alpha::named(set.first_path(entries)),
        convention: match (adapter.image, of_peft) {
            (true, false) => Convention::Image,
            (true, true) => Convention::ImageOfPeft,
            (false, _) if of_mlx => Convention::Mlx,
            (false, _) => Convention::Language,
        },
    }
}

/// Adapters dropped without folders are all called `adapter_model`: rank and alpha tell them apart better.
fn label_bare_adapters(drafts: &mut [Draft]) {
    let mut used = Labels::default();
    for draft in drafts {
        if draft.label.starts_with("adapter_model") {
            let rank = draft.adapter.modules.iter().filter_map(Module::rank).max().unwrap_or(0);
            let alpha = draft
                .config
                .map(|c| format!(" α={}", c.config.alpha))
                .unwrap_or_default();
            draft.label = format!("lora r={rank}{alpha}");
        }
        draft.label = used.fresh(std::mem::take(&mut draft.label));
    }
}

/// One problem per kind of damage: a thousand modules are damaged in the same way.
fn module_problems(adapter: &Adapter, file: &str) -> Vec<Problem> {
    let mut by_kind: BTreeMap<(&str, String), (usize, &Error)> = BTreeMap::new();
    for error in &adapter.errors {
        // Methods that are refused have each their own name.
        let kind = if matches!(error, Error::MethodUnsupported { method, .. } if !method.starts_with("The module")) {
            error.told().title
        } else {
            String::new()
        };
        let (n, _) = by_kind.entry((error.told().code, kind)).or_insert((0, error));
        *n = n.saturating_add(1);
    }
    let all = adapter.modules.is_empty();
    by_kind
        .into_values()
        .map(|(n, error)| {
            let blocks = if all {
                "Blocks 1 model".into()
            } else {
                format!("Leaves out {}", count(n, "matrix", "matrices"))
            };
            of_error(error, file, &blocks)
        })
        .collect()
}

fn rank_warning(adapter: &Adapter, config: Option<&Configured>, file: &str) -> Option<Problem> {
    let config = config?;
    let expected = |name: &str| config.rank(name);
    let differs = |m: &Module, rank: u64| {
        // A module of all experts has its rank once for each.
        let wanted = expected(&m.name);
        if experts::any(std::slice::from_ref(m)) {
            wanted == 0 || !rank.is_multiple_of(wanted)
        } else {
            rank != wanted
        }
    };
    let (other, rank) = adapter
        .modules
        .iter()
        .filter(|m| matches!(m.method.kind, Kind::Lora | Kind::Dora | Kind::Pissa | Kind::Olora))
        .find_map(|m| m.rank().filter(|r| differs(m, *r)).map(|r| (m, r)))?;
    let cause = format!(
        "adapter_config.json says r = {} for “{}”; the file holds r = {}. The file’s rank is used.",
        expected(&other.name),
        other.name,
        rank
    );
    let fix = "If another adapter_config.json belongs to this file, drop that one: α comes from it.";
    let problem = warning(
        "rank-differs",
        "File and configuration disagree on the rank".into(),
        file,
        cause,
        fix,
    );
    Some(Problem {
        tensor: Some(other.name.clone()),
        ..problem
    })
}

/// The model that a draft becomes, and how it pairs with the base; none where the reader leaves it out.
pub fn paired(
    draft: &Draft,
    sets: &[FileSet],
    base: &Base,
    entries: &[FileEntry],
    answers: &Answers,
) -> Option<(PlanModel, Paired)> {
    let set = sets.get(draft.set)?;
    let question = draft.question(answers);
    let asked = question.as_ref().map(|q| q.value.as_str());
    if asked == Some(alpha::LEAVE_OUT) {
        return None;
    }
    let adapter = &draft.adapter;
    // One method per file, as a rule; where a magnitude is missing here and there, the most common names the model.
    let method = common(adapter);
    let base_set = sets.get(base.set);
    let named = named_base(draft).and_then(|name| Some((name, called(name, base_set?, base))));
    let named = named.as_ref().map(|(name, called)| (*name, called));
    let side = Side {
        label: &draft.label,
        file: set.first_path(entries),
        what: method.kind.name(),
        config: None,
        // A name that is the base's already leads nowhere.
        named: named.filter(|(_, called)| !called.agrees).map(|(name, _)| name),
        here: named.and_then(|(name, _)| {
            let is_it = |(s, set): &(usize, &FileSet)| *s != base.set && !set.is_adapter && is_called(name, set);
            sets.iter().enumerate().find(is_it).map(|(_, set)| set.label.as_str())
        }),
    };
    let mut paired = models::adapter(&side, adapter, &draft.sources, asked, base, answers);
    // Where nothing pairs, that says it.
    if paired.matching.matched > 0 {
        let other = named.and_then(|(name, called)| other_base(name, called, side.file));
        paired.problems.extend(other);
    }
    paired
        .notes
        .extend(named_base(draft).map(|name| format!("It names “{name}” as its base.")));
    let scaled = Scaled::of(&paired.decided);
    let mut files = file_infos(&set.files, entries);
    files.extend(draft.config.iter().flat_map(|c| file_infos(&[c.file], entries)));
    let rank = paired
        .rank
        .or_else(|| adapter.modules.iter().filter_map(Module::rank).max());
    let model = PlanModel {
        label: draft.label.clone(),
        kind: method.kind,
        method: method.kind.name().into(),
        formula: Some(method.formula.into()),
        rank: rank.and_then(|r| u32::try_from(r).ok()),
        alpha: scaled.alpha,
        scale: scaled.scale,
        scale_text: scaled.text,
        scale_source: scaled.source,
        files,
        run: None,
        matching: paired.matching.clone(),
        notes: paired.notes.clone(),
    };
    Some((model, paired))
}

/// A folder that says how large its model is carries the model's name.
static SIZE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[-_])\d+(?:\.\d+)?[bm](?:$|[-_])").expect("a constant"));

/// The base that its configuration names.
fn named_base<'a>(draft: &'a Draft) -> Option<&'a str> {
    draft.config?.config.base_model.as_deref()
}

/// The name of a base, as far as its files say it, and whether an adapter gives the same one.
struct Called {
    /// A name that can contradict.
    name: Option<String>,
    agrees: bool,
}

/// The last part of a repository's name or a path, without what packing adds to it.
fn last(name: &str) -> &str {
    let last = name.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(name);
    unpacked_name(last).unwrap_or(last)
}

/// Letters and figures alone.
fn plain(name: &str) -> String {
    let letters = last(name).chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether a set lies in a folder that has the name of a base.
pub fn is_called(named: &str, set: &FileSet) -> bool {
    let mut folders = set.folder.split('/').filter(|f| !f.is_empty());
    // A cache keeps the repository in a folder above.
    let cached = folders.clone().find_map(|f| f.strip_prefix("models--"));
    let wanted = plain(named);
    let names = cached.into_iter().chain(folders.next_back());
    !wanted.is_empty() && names.map(plain).any(|n| n == wanted || n.ends_with(&wanted))
}

fn called(named: &str, set: &FileSet, base: &Base) -> Called {
    let own = base.config.as_ref().and_then(|c| c.name.as_deref());
    let wanted = plain(named);
    let says_so = own.is_some_and(|own| plain(own).ends_with(&wanted));
    let folders = || set.folder.split('/').filter(|f| !f.is_empty());
    let cached = folders().find_map(|f| f.strip_prefix("models--"));
    // A folder's name may be anything; only a repository's name contradicts.
    let by_folder = folders().next_back().filter(|f| SIZE.is_match(f));
    Called {
        agrees: wanted.is_empty() || says_so || is_called(named, set),
        name: own.map(last).or(cached).or(by_folder).map(str::to_owned),
    }
}

/// A remark where the base that an adapter names is known to be another than the one it is compared with.
fn other_base(named: &str, called: &Called, file: &str) -> Option<Problem> {
    let known = called.name.as_deref().filter(|_| !called.agrees)?;
    let cause = format!(
        "Its configuration names “{named}”; the base here is “{known}”. The change is added to the base that is here."
    );
    let fix = format!(
        "If they differ, drop “{named}” as the base: an adapter belongs to the weights that it was trained on."
    );
    Some(warning(
        "other-base",
        "The adapter names another base".into(),
        file,
        cause,
        &fix,
    ))
}

/// The method of most modules.
fn common(adapter: &Adapter) -> &'static Method {
    let times = |method: &Method| adapter.modules.iter().filter(|m| m.method == method).count();
    let mut methods: Vec<(&'static Method, usize)> = METHODS.iter().map(|m| (*m, times(m))).collect();
    // Among equals the one whose module is the last.
    let last = |method: &Method| adapter.modules.iter().rposition(|m| m.method == method);
    methods.sort_by_key(|(method, n)| (*n, last(method)));
    methods.last().map_or(&LORA, |(method, _)| method)
}
