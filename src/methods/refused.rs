//! Refused methods: known by their names in configurations and tensors, not merged, and why. A method that comes to be read leaves this table.

use super::config::{Fields, is_set, word};
use crate::error::Merge;
use std::fmt;

/// One method, or one form of a method that is read otherwise.
pub struct Refused {
    pub name: &'static str,
    /// A sentence.
    pub why: &'static str,
    /// It changes no weight matrix: there is nothing to merge.
    pub without_weights: bool,
    /// Its names in PEFT (`peft_type`).
    pub types: &'static [&'static str],
    /// Fields of the configuration of another method, any of which makes it this one when set.
    pub fields: &'static [&'static str],
    /// Values of `init_lora_weights`.
    pub inits: &'static [&'static str],
    /// Anything else that a configuration shows it by: the type, and what is looked at.
    pub shown: Option<Shown>,
    /// Tensors of its own.
    pub parts: &'static [&'static str],
    /// The library whose merge helps.
    pub merge: Merge,
}

/// A type of configuration, and what in it tells.
pub type Shown = (&'static str, fn(&Fields) -> bool);

impl PartialEq for Refused {
    fn eq(&self, other: &Refused) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Refused {}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Refused {
    const NONE: Refused = Refused {
        name: "",
        why: "",
        without_weights: false,
        types: &[],
        fields: &[],
        inits: &[],
        shown: None,
        parts: &[],
        merge: Merge::Peft,
    };

    const fn without_weights(name: &'static str, types: &'static [&'static str]) -> Refused {
        Refused {
            name,
            types,
            why: "It adds inputs and leaves the weight matrices unchanged.",
            without_weights: true,
            ..Refused::NONE
        }
    }

    /// Whether a configuration of a method that is read shows this one.
    pub fn is_shown_by(&self, of: &str, config: &Fields) -> bool {
        let init = word(config, "init_lora_weights");
        self.fields.iter().any(|field| config.get(*field).is_some_and(is_set))
            || init.is_some_and(|init| self.inits.contains(&init))
            || self.shown.is_some_and(|(own, shown)| own == of && shown(config))
    }
}

/// GLoRA's names say nothing outside LyCORIS' files, so that no table of parts has them.
pub static GLORA: Refused = Refused {
    name: "GLoRA",
    why: "Its four products are not computed by this version.",
    merge: Merge::LyCoris,
    ..Refused::NONE
};

/// The refused methods, in the order in which they are tried.
pub static REFUSED: &[Refused] = &[
    Refused {
        name: "BOFT",
        why: "It turns the base by a product of block rotations, which this version does not compute.",
        types: &["BOFT"],
        parts: &["boft_R", "boft_s"],
        ..Refused::NONE
    },
    Refused {
        name: "FourierFT",
        why: "The places of its coefficients come from a random generator.",
        types: &["FOURIERFT"],
        parts: &["fourierft_spectrum"],
        ..Refused::NONE
    },
    Refused {
        name: "RandLoRA",
        why: "Its bases come from a random generator.",
        types: &["RANDLORA"],
        parts: &["randlora_lambda"],
        ..Refused::NONE
    },
    Refused {
        name: "VB-LoRA",
        why: "Its factors are mixed from a bank of vectors, which this version does not compute.",
        types: &["VBLORA"],
        ..Refused::NONE
    },
    Refused {
        name: "SHiRA",
        why: "Its sparse positions are not computed by this version.",
        types: &["SHIRA"],
        parts: &["shira_weight"],
        ..Refused::NONE
    },
    Refused {
        name: "Bone",
        why: "Its block products are not computed by this version.",
        types: &["BONE"],
        parts: &["bone_block"],
        ..Refused::NONE
    },
    Refused {
        name: "MiSS",
        why: "Its block products are not computed by this version.",
        types: &["MISS"],
        parts: &["miss_block"],
        ..Refused::NONE
    },
    Refused {
        name: "GraLoRA",
        why: "Its factors are cut into blocks, whose products are not computed by this version.",
        types: &["GRALORA"],
        parts: &["gralora_A", "gralora_B"],
        ..Refused::NONE
    },
    Refused {
        name: "DeLoRA",
        why: "Its factors are normalised before they are multiplied, which this version does not compute.",
        types: &["DELORA"],
        parts: &["delora_A", "delora_B", "delora_lambda"],
        ..Refused::NONE
    },
    Refused {
        name: "RoAd",
        why: "It rotates and scales outputs pair by pair, which this version does not compute.",
        types: &["ROAD"],
        parts: &["road_theta", "road_alpha"],
        ..Refused::NONE
    },
    Refused {
        name: "C3A",
        why: "Its kernels are circular convolutions, which this version does not compute.",
        types: &["C3A"],
        parts: &["c3a_kernel"],
        ..Refused::NONE
    },
    Refused {
        name: "WaveFT",
        why: "The places of its coefficients come from a random generator.",
        types: &["WAVEFT"],
        parts: &["waveft_spectrum"],
        ..Refused::NONE
    },
    Refused {
        name: "OFT of before PEFT 0.15",
        why: "Its blocks are stored in another form, which this version does not compute.",
        parts: &["oft_r"],
        ..Refused::NONE
    },
    Refused {
        name: "OFT of LyCORIS",
        why: "Its blocks are stored in another form, which this version does not compute.",
        parts: &["oft_blocks", "oft_diag"],
        merge: Merge::LyCoris,
        ..Refused::NONE
    },
    Refused {
        name: "Constrained OFT",
        why: "Its rotations are cut back to a limit, which this version does not compute.",
        shown: Some(("OFT", |config| config.get("coft").is_some_and(is_set))),
        ..Refused::NONE
    },
    Refused {
        name: "OFT with another series",
        why: "Its rotations come from a series of another length than PEFT’s default of 5.",
        shown: Some(("OFT", |config| {
            let terms = config.get("num_cayley_neumann_terms");
            terms.and_then(|n| n.as_u64()).is_some_and(|n| n != 5)
        })),
        ..Refused::NONE
    },
    Refused {
        name: "KaSA",
        why: "It truncates the base before it adds the factors.",
        fields: &["kasa_config"],
        parts: &["lora_diag"],
        ..Refused::NONE
    },
    Refused {
        name: "QA-LoRA",
        why: "Its lora_A acts on pooled inputs.",
        fields: &["use_qalora"],
        ..Refused::NONE
    },
    Refused {
        name: "BD-LoRA",
        why: "Its factors are block-diagonal.",
        fields: &["use_bdlora"],
        ..Refused::NONE
    },
    Refused {
        name: "aLoRA",
        why: "It acts on some tokens only and has no merged matrix.",
        fields: &["alora_invocation_tokens"],
        ..Refused::NONE
    },
    Refused {
        name: "Arrow",
        why: "It routes between adapters for every token.",
        fields: &["arrow_config"],
        ..Refused::NONE
    },
    Refused {
        name: "MonteCLoRA",
        why: "Its factors are random variables.",
        fields: &["monteclora_config"],
        ..Refused::NONE
    },
    Refused {
        name: "VeLoRA",
        why: "Its factors are compressed.",
        fields: &["velora_config"],
        ..Refused::NONE
    },
    Refused {
        name: "Merged LoRA of PEFT 0.2",
        why: "Its factors are grouped by output.",
        fields: &["enable_lora"],
        ..Refused::NONE
    },
    Refused {
        name: "CorDA",
        why: "The base was changed by data before training.",
        fields: &["corda_config"],
        inits: &["corda"],
        ..Refused::NONE
    },
    Refused {
        name: "LoRA-GA",
        why: "The base was changed by gradients before training.",
        fields: &["lora_ga_config"],
        inits: &["lora_ga"],
        ..Refused::NONE
    },
    Refused {
        name: "LoftQ",
        why: "The base was replaced by a quantised one.",
        inits: &["loftq"],
        ..Refused::NONE
    },
    Refused {
        name: "DoRA begun as PiSSA or OLoRA",
        why: "Its magnitude belongs to a base from which a part was taken.",
        shown: Some(("LORA", |config| {
            let init = word(config, "init_lora_weights").unwrap_or_default();
            (init.starts_with("pissa") || init == "olora") && config.get("use_dora").is_some_and(is_set)
        })),
        ..Refused::NONE
    },
    Refused {
        parts: &["prompt_embeddings"],
        ..Refused::without_weights("Prompt tuning", &["PROMPT_TUNING"])
    },
    Refused::without_weights("Multitask prompt tuning", &["MULTITASK_PROMPT_TUNING"]),
    Refused::without_weights("Prefix tuning", &["PREFIX_TUNING"]),
    Refused::without_weights("P-tuning", &["P_TUNING"]),
    Refused::without_weights("Context-aware prompt tuning", &["CPT"]),
    Refused::without_weights("Cartridge", &["CARTRIDGE"]),
    Refused::without_weights("Adaption prompt", &["ADAPTION_PROMPT"]),
    Refused::without_weights("LayerNorm tuning", &["LN_TUNING"]),
    Refused::without_weights("X-LoRA", &["XLORA"]),
];

#[cfg(test)]
mod tests {
    use super::super::METHODS;
    use super::*;

    #[test]
    fn what_is_read_is_not_refused() {
        for refused in REFUSED {
            for method in METHODS {
                let of_type = |c: &&super::super::config::Config| refused.types.contains(&c.peft);
                assert!(method.config.as_ref().filter(of_type).is_none(), "{}", refused.name);
                assert!(
                    method.parts().all(|part| !refused.parts.contains(&part)),
                    "{}: {method:?}",
                    refused.name
                );
            }
        }
    }

    #[test]
    fn each_is_known_by_something() {
        for r in REFUSED {
            let names = r.types.len() + r.fields.len() + r.inits.len() + r.parts.len();
            assert!(names + usize::from(r.shown.is_some()) > 0, "{}", r.name);
            assert!(r.why.ends_with('.') && !r.name.is_empty());
        }
    }
}
