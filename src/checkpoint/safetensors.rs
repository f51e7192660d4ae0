//! The parser of safetensors headers: from the JSON in the file to checked tensors.
//!
//! Offsets are u64 throughout. The `safetensors` crate wants the whole file in memory and counts in usize, so on wasm32 it
//! refuses tensors from 512 MiB and offsets past 4 GiB; here it serves as the oracle of the tests.

use super::budget::{Budget, HEADER};
use super::dtype::Dtype;
use super::json;
use super::packed::QuantState;
use crate::error::Error;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// The format's own limit on the header.
pub const MAX_HEADER: u64 = 100_000_000;

/// Tensors of one file. The largest mixtures have 150,000 with those of their scales, in many files.
pub const MOST_TENSORS: usize = 500_000;

/// One tensor: where its bytes lie in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    pub dtype: Dtype,
    pub shape: Vec<u64>,
    /// First byte, from the start of the file.
    pub begin: u64,
    /// One past the last byte.
    pub end: u64,
    /// The bytes lie column by column: torch saves views as they are.
    pub by_columns: bool,
}

impl Tensor {
    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.end.saturating_sub(self.begin)
    }
}

/// All tensors of one file, by ascending offset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    pub tensors: Vec<Tensor>,
    /// `__metadata__` held something else than strings and was passed over.
    pub metadata_ignored: bool,
    /// `__metadata__`: what writers say about the file.
    pub metadata: BTreeMap<String, String>,
    /// Bytes after the last tensor: some tools leave them, and every loader but the strict one reads over them.
    pub trailing: u64,
    /// The quantization states of weights of 4 bits, by the weight's name.
    pub states: BTreeMap<String, QuantState>,
    /// The first numbers of one matrix per block, by its name.
    pub samples: BTreeMap<String, Vec<f32>>,
    /// Read from a `torch.save` file. Such files often lie beside the same weights as safetensors.
    pub is_torch: bool,
}

/// The length of the header from the first 8 bytes, checked against the file's size.
pub fn header_length(first: &[u8], file_size: u64) -> Result<u64, Error> {
    let Some(bytes) = first.first_chunk::<8>() else {
        return Err(if file_size == 0 {
            Error::EmptyFile
        } else {
            Error::Truncated {
                should_be: 8,
                is: file_size,
            }
        });
    };
    let n = u64::from_le_bytes(*bytes);
    if n > MAX_HEADER {
        return Err(Error::HeaderTooLarge { bytes: n });
    }
    let data_start = n.saturating_add(8);
    if data_start > file_size {
        return Err(Error::Truncated {
            should_be: data_start,
            is: file_size,
        });
    }
    Ok(n)
}

/// Reads the header's JSON; `data_start` is 8 + its length.
pub fn parse_header(json: &[u8], data_start: u64, file_size: u64) -> Result<Header, Error> {
    let text = std::str::from_utf8(json).map_err(|_| Error::HeaderNotUtf8)?;
    let mut budget = Budget::new("header", HEADER);
    budget.read(json.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let wire = deserializer
        .deserialize_map(WireVisitor(&mut budget))
        .and_then(|wire| deserializer.end().map(|()| wire))
        .map_err(|e| json::error(&e, &budget))?;
    if let Some(tensor) = wire.beyond {
        return Err(Error::TooManyTensors {
            tensor,
            tensors: wire.tensors,
            allowed: MOST_TENSORS,
        });
    }
    if let Some(name) = wire.duplicate {
        return Err(Error::DuplicateKey { name });
    }
    let mut tensors = wire
        .entries
        .into_iter()
        .map(|(name, entry)| checked(name, entry))
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by_key(|t| (t.begin, t.end));
    let trailing = check_layout(&tensors, file_size.saturating_sub(data_start), data_start, file_size)?;
    for t in &mut tensors {
        t.begin = t.begin.saturating_add(data_start);
        t.end = t.end.saturating_add(data_start);
    }
    Ok(Header {
        tensors,
        metadata_ignored: wire.metadata_ignored,
        metadata: wire.metadata,
        trailing,
        ..Header::default()
    })
}

/// Every byte of the data belongs to exactly one tensor, in order. Returns how many bytes follow after the last.
fn check_layout(tensors: &[Tensor], data_size: u64, data_start: u64, file_size: u64) -> Result<u64, Error> {
    let mut end = 0;
    let mut last = "";
    for t in tensors {
        if t.begin < end {
            return Err(Error::Overlap {
                a: last.to_owned(),
                b: t.name.clone(),
            });
        }
        if t.begin > end {
            return Err(Error::Hole {
                at: end,
                before: t.name.clone(),
            });
        }
        end = t.end;
        last = &t.name;
    }
    if end > data_size {
        return Err(Error::Truncated {
            should_be: data_start.saturating_add(end),
            is: file_size,
        });
    }
    let trailing = data_size.saturating_sub(end);
    // A header that accounts for no byte of the file is of no use.
    if trailing > 0 && end == 0 {
        Err(Error::TrailingBytes { extra: trailing })
    } else {
        Ok(trailing)
    }
}

fn checked(name: String, entry: WireEntry) -> Result<Tensor, Error> {
    let field = |field| Error::HeaderField {
        tensor: name.clone(),
        field,
    };
    let Field::Text(dtype) = entry.dtype else {
        return Err(field("dtype"));
    };
    let dtype = Dtype::parse(&dtype);
    let Field::Integers(shape) = entry.shape else {
        return Err(field("shape"));
    };
    let Field::Integers(offsets) = entry.data_offsets else {
        return Err(field("data_offsets"));
    };
    let [begin, end] = offsets[..] else {
        return Err(field("data_offsets"));
    };
    let Some(stored) = end.checked_sub(begin) else {
        return Err(Error::BadOffsets { tensor: name });
    };
    if let Some(width) = dtype.bits() {
        let bits = shape
            .iter()
            .try_fold(width, |n, d| n.checked_mul(*d))
            .ok_or_else(|| Error::ShapeOverflow { tensor: name.clone() })?;
        if stored.checked_mul(8) != Some(bits) {
            return Err(Error::SizeMismatch {
                tensor: name,
                expected_bits: bits,
                stored,
            });
        }
    }
    Ok(Tensor {
        name,
        dtype,
        shape,
        begin,
        end,
        by_columns: false,
    })
}

#[derive(Default)]
struct Wire {
    entries: Vec<(String, WireEntry)>,
    /// The number of all tensors, and the first that is not kept because there are too many.
    tensors: usize,
    beyond: Option<String>,
    metadata_ignored: bool,
    metadata: BTreeMap<String, String>,
    /// The first name seen twice. JSON readers keep the last one silently; a checkpoint must not.
    duplicate: Option<String>,
}

#[derive(Default)]
struct WireEntry {
    dtype: Field,
    shape: Field,
    data_offsets: Field,
}

/// A value of the header, as far as the format has a use for it: what else there is, however deep or long, is passed over.
#[derive(Default)]
enum Field {
    Null,
    Text(String),
    Integer(u64),
    Integers(Vec<u64>),
    /// With the texts in it, and whether there was anything else.
    Texts(BTreeMap<String, String>, bool),
    #[default]
    Other,
}

/// Lists are kept where the format has a use for one.
struct FieldSeed<'a> {
    budget: &'a mut Budget,
    lists: bool,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Field, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field, E> {
        Ok(Field::Integer(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field, E> {
        Ok(Field::Other)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Field, E> {
        self.budget.spend(text.len()).map_err(E::custom)?;
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field, A::Error> {
        let mut integers = Vec::new();
        let mut others = !self.lists;
        loop {
            let item = if others {
                seq.next_element::<IgnoredAny>()?.map(|_| Field::Other)
            } else {
                seq.next_element_seed(FieldSeed {
                    budget: &mut *self.budget,
                    lists: false,
                })?
            };
            match item {
                None if others => return Ok(Field::Other),
                None => return Ok(Field::Integers(integers)),
                Some(Field::Integer(n)) => {
                    self.budget.spend_on::<u64>(1, 0).map_err(A::Error::custom)?;
                    integers.push(n);
                }
                Some(_) => {
                    others = true;
                    integers = Vec::new();
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        let (mut texts, mut others) = (BTreeMap::new(), false);
        while let Some(key) = map.next_key::<String>()? {
            self.budget
                .spend_on::<(String, String)>(1, key.len())
                .map_err(A::Error::custom)?;
            let seed = FieldSeed {
                budget: &mut *self.budget,
                lists: false,
            };
            match map.next_value_seed(seed)? {
                Field::Text(text) => {
                    texts.insert(key, text);
                }
                _ => others = true,
            }
        }
        Ok(Field::Texts(texts, others))
    }
}

/// The key of what is not a tensor.
const METADATA: &str = "__metadata__";

struct WireVisitor<'a>(&'a mut Budget);

impl<'de> Visitor<'de> for WireVisitor<'_> {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire, A::Error> {
        let mut wire = Wire::default();
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if wire.entries.len() >= MOST_TENSORS && name != METADATA {
                map.next_value::<IgnoredAny>()?;
                wire.tensors = wire.tensors.saturating_add(1);
                wire.beyond.get_or_insert(name);
                continue;
            }
            // Kept here and among the names seen.
            self.0
                .spend_on::<Tensor>(1, name.len().saturating_mul(2))
                .map_err(A::Error::custom)?;
            if !seen.insert(name.clone()) {
                wire.duplicate.get_or_insert_with(|| name.clone());
            }
            if name == METADATA {
                let seed = FieldSeed {
                    budget: &mut *self.0,
                    lists: false,
                };
                wire.metadata_ignored |= match map.next_value_seed(seed)? {
                    Field::Null => false,
                    Field::Texts(texts, others) => {
                        wire.metadata = texts;
                        others
                    }
                    _ => true,
                };
            } else {
                wire.tensors = wire.tensors.saturating_add(1);
                wire.entries.push((name, map.next_value_seed(EntrySeed(&mut *self.0))?));
            }
        }
        Ok(wire)
    }
}

/// What an entry says of its tensor.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Dtype,
    Shape,
    DataOffsets,
    #[serde(other)]
    Other,
}

struct EntrySeed<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = WireEntry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<WireEntry, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = WireEntry;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a tensor entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireEntry, A::Error> {
        let mut entry = WireEntry::default();
        while let Some(key) = map.next_key()? {
            let field = match key {
                Key::Dtype => &mut entry.dtype,
                Key::Shape => &mut entry.shape,
                Key::DataOffsets => &mut entry.data_offsets,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = map.next_value_seed(FieldSeed {
                budget: &mut *self.0,
                lists: true,
            })?;
        }
        Ok(entry)
    }
}
