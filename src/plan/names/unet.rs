//! The UNet of Stable Diffusion (1, 2, XL and their kin): its makers number the blocks one after the other, diffusers by level.
//!
//! Every published one has two residual layers per level, then one that samples down; on the way up three, the last with the one that
//! samples up behind it. So the number of a block says all, whatever number of levels there is and wherever attention stands.

use regex::Regex;
use std::sync::LazyLock;

/// Blocks per level.
const LEVEL: usize = 3;

/// Container, number, place within the block, and what is in there; components stand apart by dots or by underscores.
static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<lead>|.*[._])(?:(?P<way>input|output)_blocks[._](?P<block>\d+)[._](?P<place>\d)|middle_block[._](?P<middle>\d))(?P<rest>[._].+)$")
        .expect("a constant")
});

/// The parts of a residual layer that have weights: the makers' names, and diffusers'.
const RESIDUAL: [(&str, &str); 6] = [
    ("in_layers.0", "norm1"),
    ("in_layers.2", "conv1"),
    ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"),
    ("emb_layers.1", "time_emb_proj"),
    ("skip_connection", "conv_shortcut"),
];

/// A module's name in the makers' numbers as diffusers has it; none for other names.
pub fn by_level(module: &str) -> Option<String> {
    let found = BLOCK.captures(module)?;
    let (lead, rest) = (&found["lead"], found["rest"].get(1..)?);
    let separator = &found["rest"][..1];
    let plain = rest.replace('_', ".");
    let number = |group: &str| found.name(group).and_then(|m| m.as_str().parse::<usize>().ok());
    // What the block is a part of, and which: residual layer, attention, sampler.
    let residual = |at: usize| {
        let own = RESIDUAL.iter().find(|(makers, _)| plain == makers.replace('_', "."))?;
        Some(format!("resnets.{at}.{}", own.1))
    };
    let attention = |at: usize| Some(format!("attentions.{at}.{rest}"));
    let (container, part) = match (found.name("way").map(|m| m.as_str()), number("place")) {
        (Some("input"), Some(place)) => {
            let block = number("block")?.checked_sub(1)?;
            let at = block % LEVEL;
            let part = match place {
                0 if at == LEVEL - 1 => (plain == "op").then(|| "downsamplers.0.conv".to_owned()),
                0 => residual(at),
                1 if at < LEVEL - 1 => attention(at),
                _ => None,
            };
            (format!("down_blocks.{}", block / LEVEL), part?)
        }
        (Some(_), Some(place)) => {
            let block = number("block")?;
            let at = block % LEVEL;
            let part = match place {
                0 => residual(at),
                // Behind the residual layer, or behind its attention.
                1 | 2 if plain == "conv" && at == LEVEL - 1 => Some("upsamplers.0.conv".to_owned()),
                1 => attention(at),
                _ => None,
            };
            (format!("up_blocks.{}", block / LEVEL), part?)
        }
        _ => {
            let part = match number("middle")? {
                0 => residual(0),
                1 => attention(0),
                2 => residual(1),
                _ => None,
            };
            ("mid_block".to_owned(), part?)
        }
    };
    let part = match separator {
        "_" => part.replace('.', "_"),
        _ => part,
    };
    Some(format!("{lead}{}{separator}{part}", container.replace('.', separator)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::names::leaf::joined;

    #[test]
    fn every_part_of_the_network_has_its_level() {
        for (makers, diffusers) in [
            ("input_blocks.1.0.in_layers.2", "down_blocks.0.resnets.0.conv1"),
            (
                "input_blocks.2.1.transformer_blocks.0.attn1.to_q",
                "down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q",
            ),
            ("input_blocks.3.0.op", "down_blocks.0.downsamplers.0.conv"),
            (
                "input_blocks.4.0.skip_connection",
                "down_blocks.1.resnets.0.conv_shortcut",
            ),
            ("input_blocks.8.1.proj_in", "down_blocks.2.attentions.1.proj_in"),
            (
                "input_blocks.11.0.emb_layers.1",
                "down_blocks.3.resnets.1.time_emb_proj",
            ),
            ("middle_block.0.out_layers.3", "mid_block.resnets.0.conv2"),
            (
                "middle_block.1.transformer_blocks.9.ff.net.0.proj",
                "mid_block.attentions.0.transformer_blocks.9.ff.net.0.proj",
            ),
            ("middle_block.2.in_layers.2", "mid_block.resnets.1.conv1"),
            ("output_blocks.2.1.conv", "up_blocks.0.upsamplers.0.conv"),
            ("output_blocks.5.2.conv", "up_blocks.1.upsamplers.0.conv"),
            ("output_blocks.5.1.proj_out", "up_blocks.1.attentions.2.proj_out"),
            ("output_blocks.9.0.in_layers.2", "up_blocks.3.resnets.0.conv1"),
        ] {
            assert_eq!(by_level(makers).as_deref(), Some(diffusers));
            assert_eq!(by_level(&joined(makers)), Some(joined(diffusers)));
            let inside = format!("model.diffusion_model.{makers}");
            assert_eq!(by_level(&inside), Some(format!("model.diffusion_model.{diffusers}")));
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            "input_blocks.0.0",
            "input_blocks.3.0.in_layers.2",
            "down_blocks.0.resnets.0.conv1",
            "middle_block.3.x",
            "output_blocks.0.3.conv",
        ] {
            assert_eq!(by_level(name), None, "{name}");
        }
    }
}
