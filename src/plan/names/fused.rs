//! Fused linear layers taken apart, where the reader asks for it: which rows of `[out, in]` are q, k and v, or gate and up.
//!
//! Off by default: a fused layer is one matrix with one spectrum, and its parts are others.

use super::canonical;
use crate::checkpoint::ModelConfig;
use crate::plan::job::{Job, Lines};

/// The answer that asks for it: `yes`.
pub const SPLIT: &str = "split";

/// The parts of a fused matrix by type, or none where it is not known how its rows lie.
pub fn parts(job: &Job, config: Option<&ModelConfig>) -> Option<Vec<(&'static str, Lines)>> {
    let rows = u64::from(job.rows);
    match job.kind.as_deref()? {
        "gate_up" if name_ends(job, "gate_up_proj") => equal(rows, &["gate", "up"]),
        "qkv" => qkv(job, rows, config),
        _ => None,
    }
}

/// One job per part.
pub fn split(job: Job, config: Option<&ModelConfig>) -> Vec<Job> {
    let Some(parts) = parts(&job, config) else {
        return vec![job];
    };
    let one = |(kind, lines): (&'static str, Lines)| {
        let mut part = job.clone();
        part.base.name = format!("{} [{kind}]", job.base.name);
        part.kind = Some(kind.to_owned());
        part.rows = lines.len() as u32;
        part.lines = Some(lines);
        part
    };
    parts.into_iter().map(one).collect()
}

fn name_ends(job: &Job, module: &str) -> bool {
    canonical(&job.base.name)
        .name
        .trim_end_matches(".weight")
        .ends_with(module)
}

const QKV: [&str; 3] = ["q", "k", "v"];

fn qkv(job: &Job, rows: u64, config: Option<&ModelConfig>) -> Option<Vec<(&'static str, Lines)>> {
    // GPT-2, Qwen-1, open_clip: three equal blocks.
    if name_ends(job, "c_attn") || name_ends(job, "in_proj_weight") {
        return equal(rows, &QKV);
    }
    let config = config?;
    let heads = config.heads.filter(|n| *n > 0)?;
    let keys = config.key_heads.unwrap_or(heads).max(1);
    match config.model_type.as_deref()? {
        // Phi-3 and its kin: all of q, then k, then v.
        _ if name_ends(job, "qkv_proj") => {
            let [q, k, v] = self::heads(rows, Some(config))?[..] else {
                return None;
            };
            Some(vec![
                ("q", block(0, q)),
                ("k", block(q, k)),
                ("v", block(q.saturating_add(k), v)),
            ])
        }
        "falcon" if config.new_falcon => grouped(rows, keys, whole(heads, keys)?),
        "falcon" if config.multi_query => {
            let head = whole(rows, heads.checked_add(2)?)?;
            let queries = heads.checked_mul(head)?;
            Some(vec![
                ("q", block(0, queries)),
                ("k", block(queries, head)),
                ("v", block(queries.checked_add(head)?, head)),
            ])
        }
        // Head after head, each with its q, k and v.
        "falcon" | "gpt_neox" | "bloom" => grouped(rows, heads, 1),
        _ => None,
    }
}

/// The rows of q, k and v one after the other, by the configuration's heads.
pub fn heads(rows: u64, config: Option<&ModelConfig>) -> Option<Vec<u64>> {
    let heads = config?.heads.filter(|n| *n > 0)?;
    let keys = config?.key_heads.unwrap_or(heads).max(1);
    let head = whole(rows, heads.checked_add(keys.checked_mul(2)?)?)?;
    let own = keys.checked_mul(head)?;
    Some(vec![heads.checked_mul(head)?, own, own])
}

/// `groups` times: `queries` heads of q, one of k, one of v.
fn grouped(rows: u64, groups: u64, queries: u64) -> Option<Vec<(&'static str, Lines)>> {
    let each = queries.checked_add(2)?;
    let head = whole(rows, groups.checked_mul(each)?)?;
    let (stride, q) = (each.checked_mul(head)?, queries.checked_mul(head)?);
    let lines = |first, block| Lines {
        first,
        block,
        stride,
        count: groups,
    };
    Some(vec![
        ("q", lines(0, q)),
        ("k", lines(q, head)),
        ("v", lines(q.checked_add(head)?, head)),
    ])
}

fn equal(rows: u64, kinds: &[&'static str]) -> Option<Vec<(&'static str, Lines)>> {
    let each = whole(rows, kinds.len() as u64)?;
    Some(
        kinds
            .iter()
            .zip(0u64..)
            .map(|(kind, i)| (*kind, block(i.saturating_mul(each), each)))
            .collect(),
    )
}

fn block(first: u64, rows: u64) -> Lines {
    Lines::run(first, rows)
}

/// a / b where it leaves nothing over.
fn whole(a: u64, b: u64) -> Option<u64> {
    a.checked_div(b).filter(|_| a > 0 && a.is_multiple_of(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_fused_matrix_cover_every_row_once() {
        for (rows, found) in [(12, grouped(12, 2, 1)), (32, grouped(32, 2, 2)), (12, equal(12, &QKV))] {
            let mut seen: Vec<u64> = found.unwrap().iter().flat_map(|(_, l)| l.rows()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..rows).collect::<Vec<u64>>());
        }
        // GPT-NeoX: view(heads, 3, head): the first head's q, k and v come first.
        let neox = grouped(12, 2, 1).unwrap();
        assert_eq!(neox[1].1.rows().collect::<Vec<_>>(), [2, 3, 8, 9]);
    }
}
