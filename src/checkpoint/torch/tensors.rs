//! The state dict in a pickle: its tensors by name, then with their places in the file.

use super::pickle::{Arena, Id, Tensor, Value};
use crate::checkpoint::budget::Budget;
use crate::checkpoint::dtype::Dtype;
use crate::checkpoint::safetensors as wire;
use crate::error::{DISTRIBUTED, Error};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The depth at which a training checkpoint hides its model (`state["model"]["state_dict"]`).
const DEPTH: usize = 4;
/// Beside the model in a training checkpoint; an optimizer's tensors have the shapes of weights.
const NOT_THE_MODEL: [&str; 6] = ["optim", "lr_sched", "sched", "scaler", "ema_opt", "loops"];

/// Every tensor of the model, by its name.
pub type Named = Vec<(String, Rc<Tensor>)>;

/// Walks nested dictionaries. One may stand in many others, and in itself, under a new name each time: each is counted.
pub fn named(arena: &Arena, root: Id, budget: &mut Budget) -> Result<Named, Error> {
    let mut found = Vec::new();
    collect(arena, root, "", DEPTH, &mut found, budget)?;
    // Sharded tensors of FSDP and DTensor are objects that refer to other processes' pieces.
    let in_pieces = ["ShardedTensor", "DTensor", "torch.distributed"]
        .iter()
        .any(|word| arena.mentions(word));
    if in_pieces && found.iter().all(|(_, t)| t.shape.len() < 2) {
        Err(Error::InPieces(&DISTRIBUTED))
    } else {
        Ok(found)
    }
}

fn collect(
    arena: &Arena,
    id: Id,
    path: &str,
    depth: usize,
    found: &mut Named,
    budget: &mut Budget,
) -> Result<(), Error> {
    let Value::Dict(entries) = arena.get(id) else {
        return Ok(());
    };
    for (key, value) in entries {
        budget.spend_on::<(Id, Id)>(1, 0)?;
        let Some(key) = arena.str(*key) else { continue };
        budget.spend(path.len().saturating_add(key.len()))?;
        let name = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        match arena.get(*value) {
            Value::Tensor(tensor) => {
                // Each becomes an entry of its own, with its shape and what its type is called.
                let dtype = tensor.dtype.as_ref().map_or(0, |d| d.len());
                let class = tensor.storage.class.len().saturating_add(dtype);
                budget.spend_on::<wire::Tensor>(1, class)?;
                budget.spend_on::<u64>(tensor.shape.len(), 0)?;
                if found.len() >= wire::MOST_TENSORS {
                    return Err(Error::TooManyTensors {
                        tensor: name,
                        tensors: found.len().saturating_add(1),
                        allowed: wire::MOST_TENSORS,
                    });
                }
                found.push((name, tensor.clone()));
            }
            Value::Dict(_) if depth > 0 && !NOT_THE_MODEL.iter().any(|no| key.starts_with(no)) => {
                collect(arena, *value, &name, depth.saturating_sub(1), found, budget)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The element type and its width in bytes.
pub fn dtype(tensor: &Tensor) -> (Dtype, u64) {
    let name = match (
        &tensor.dtype,
        tensor
            .storage
            .class
            .strip_prefix("torch ")
            .unwrap_or(&tensor.storage.class),
    ) {
        (Some(dtype), _) => dtype.strip_prefix("torch ").unwrap_or(dtype),
        (None, class) => class,
    };
    let (name, width) = match name {
        "DoubleStorage" | "float64" => ("F64", 8),
        "FloatStorage" | "float32" => ("F32", 4),
        "HalfStorage" | "float16" => ("F16", 2),
        "BFloat16Storage" | "bfloat16" => ("BF16", 2),
        "LongStorage" | "int64" => ("I64", 8),
        "IntStorage" | "int32" => ("I32", 4),
        "ShortStorage" | "int16" => ("I16", 2),
        "CharStorage" | "int8" => ("I8", 1),
        "ByteStorage" | "uint8" => ("U8", 1),
        "BoolStorage" | "bool" => ("BOOL", 1),
        "float8_e4m3fn" => ("F8_E4M3", 1),
        "float8_e5m2" => ("F8_E5M2", 1),
        other => return (Dtype::Unknown(other.to_owned()), 0),
    };
    (Dtype::parse(name), width)
}

/// Where a storage's bytes lie in the file: first byte, and how many.
pub type Places = BTreeMap<String, (u64, u64)>;

/// Tensors with their places, checked against what is there.
pub fn placed(named: Named, places: &Places) -> Result<wire::Header, Error> {
    let mut tensors = named
        .into_iter()
        .map(|(name, tensor)| place(name, &tensor, places))
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by(|a, b| (a.begin, a.end, &a.name).cmp(&(b.begin, b.end, &b.name)));
    Ok(wire::Header {
        tensors,
        is_torch: true,
        ..wire::Header::default()
    })
}

fn place(name: String, tensor: &Tensor, places: &Places) -> Result<wire::Tensor, Error> {
    let (mut dtype, width) = dtype(tensor);
    let overflow = || Error::ShapeOverflow { tensor: name.clone() };
    let count = tensor
        .shape
        .iter()
        .try_fold(1u64, |n, d| n.checked_mul(*d))
        .ok_or_else(overflow)?;
    let order = order(tensor);
    if count > 0 && order == Order::Other {
        dtype = Dtype::Unknown(format!("{} of a strided view", dtype.name()));
    }
    if matches!(dtype, Dtype::Unknown(_)) || count == 0 {
        return Ok(wire::Tensor {
            name,
            dtype,
            shape: tensor.shape.clone(),
            begin: 0,
            end: 0,
            by_columns: false,
        });
    }
    let (start, size) = *places.get(&tensor.storage.key).ok_or_else(|| Error::TorchInvalid {
        detail: format!(
            "The bytes of “{name}” (storage {}) are not in the file.",
            tensor.storage.key
        ),
    })?;
    let begin = tensor.offset.checked_mul(width).ok_or_else(overflow)?;
    let end = count
        .checked_mul(width)
        .and_then(|bytes| begin.checked_add(bytes))
        .ok_or_else(overflow)?;
    if end > size {
        return Err(Error::TorchInvalid {
            detail: format!("“{name}” ends at byte {end} of a storage of {size} bytes."),
        });
    }
    Ok(wire::Tensor {
        name,
        dtype,
        shape: tensor.shape.clone(),
        begin: start.saturating_add(begin),
        end: start.saturating_add(end),
        by_columns: order == Order::Columns,
    })
}

/// The order of a tensor's elements in its storage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Rows,
    /// A transposed matrix.
    Columns,
    /// With gaps or in another order.
    Other,
}

fn order(tensor: &Tensor) -> Order {
    let dims = || tensor.shape.iter().zip(&tensor.stride);
    match tensor.shape.len() {
        _ if is_close(dims().rev()) => Order::Rows,
        2 if is_close(dims()) => Order::Columns,
        _ => Order::Other,
    }
}

/// Size and stride of every dimension, the fastest first: without gaps.
fn is_close<'a>(mut dims: impl Iterator<Item = (&'a u64, &'a u64)>) -> bool {
    let mut expected = 1u64;
    dims.all(|(size, stride)| {
        let fits = *size == 1 || *stride == expected;
        expected = expected.saturating_mul(*size);
        fits
    })
}
