//! Weights stored in 4 and 8 bits with their scales in tensors beside them, and how they become f32 again.

use super::dtype::Dtype;
use super::json;
use serde_json::Value;

/// The quantization state of one weight by bitsandbytes: JSON, stored as a tensor of bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantState {
    pub shape: Vec<u64>,
    /// Weights per scale.
    pub block: u64,
    /// Double quantisation: the number of scales per second scale, and the offset that is added to each.
    pub nested: Option<(u64, f32)>,
}

/// The end of the name of a tensor that holds a [`QuantState`]; `nf4` or `fp4` follows.
pub const QUANT_STATE: &str = ".quant_state.bitsandbytes__";
/// A state takes some hundred bytes.
pub const MAX_STATE: u64 = 1 << 16;

impl QuantState {
    /// None where it is damaged: the weight is then a packed tensor like others.
    pub fn parse(bytes: &[u8]) -> Option<QuantState> {
        let value: Value = json::value(std::str::from_utf8(bytes).ok()?).ok()?;
        let shape: Vec<u64> = value
            .get("shape")?
            .as_array()?
            .iter()
            .map(Value::as_u64)
            .collect::<Option<_>>()?;
        let block = value.get("blocksize")?.as_u64().filter(|b| *b > 0)?;
        let nested = match value.get("nested_blocksize").and_then(Value::as_u64) {
            Some(nested) if nested > 0 => Some((
                nested,
                value.get("nested_offset")?.as_f64().filter(|x| x.is_finite())? as f32,
            )),
            Some(_) => return None,
            None => None,
        };
        Some(QuantState { shape, block, nested })
    }
}

/// Two codes per byte, the first in the high half; `map` gives the 16 values, `scales` one number for every `block` weights.
pub fn four_bit(packed: &[u8], map: &[f32], scales: &[f32], block: u64, count: usize) -> Option<Vec<f32>> {
    let block = usize::try_from(block).ok().filter(|b| *b > 0)?;
    if packed.len() < count.div_ceil(2) || map.len() != 16 || scales.len() < count.div_ceil(block) {
        return None;
    }
    let codes = packed.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let scales = scales.iter().flat_map(|scale| std::iter::repeat_n(scale, block));
    let values = codes.take(count).zip(scales);
    values
        .map(|(code, scale)| Some(map.get(usize::from(code))? * scale))
        .collect()
}

/// Scales that are themselves codes of a map of 256 values, with scales and an offset of their own.
pub fn nested_scales(codes: &[u8], map: &[f32], scales: &[f32], block: u64, offset: f32) -> Option<Vec<f32>> {
    let block = usize::try_from(block).ok().filter(|b| *b > 0)?;
    if map.len() != 256 || scales.len() < codes.len().div_ceil(block) {
        return None;
    }
    let scales = scales.iter().flat_map(|scale| std::iter::repeat_n(scale, block));
    let values = codes.iter().zip(scales);
    values
        .map(|(code, scale)| Some(map.get(usize::from(*code))? * scale + offset))
        .collect()
}

/// 8-bit floats (OCP E4M3 without infinities, E5M2), each times the scale of its block of `height` x `width`.
pub fn eight_bit(
    dtype: &Dtype,
    bytes: &[u8],
    cols: usize,
    scales: &[f32],
    [height, width]: [usize; 2],
) -> Option<Vec<f32>> {
    let table: Vec<f32> = match dtype.name() {
        "F8_E4M3" => (0..=255).map(|b: u8| small_float(b, 3, true)).collect(),
        "F8_E5M2" => (0..=255).map(|b: u8| small_float(b, 2, false)).collect(),
        _ => return None,
    };
    if cols == 0 || height == 0 || width == 0 {
        return None;
    }
    // A run of rows has its scales, and in each row a run of columns has one of them.
    let runs = bytes
        .chunks(cols.saturating_mul(height))
        .zip(scales.chunks(cols.div_ceil(width)));
    let mut values = Vec::with_capacity(bytes.len());
    for (rows, scales) in runs {
        for row in rows.chunks(cols) {
            for (codes, scale) in row.chunks(width).zip(scales) {
                let read = codes.iter().filter_map(|b| Some(table.get(usize::from(*b))? * scale));
                values.extend(read);
            }
        }
    }
    // Fewer where scales are missing.
    (values.len() == bytes.len()).then_some(values)
}

/// A float of 8 bits with so many of mantissa, 2 or 3. Without infinities only the last code is not a number (E4M3FN).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of 8 bits in 32, with a mantissa of 2 or 3: tested for every code"
)]
fn small_float(byte: u8, mantissa: u32, without_infinities: bool) -> f32 {
    let bits = 7 - mantissa;
    let (sign, exponent, fraction) = (
        byte >> 7,
        i32::from(byte >> mantissa) & ((1 << bits) - 1),
        byte & ((1 << mantissa) - 1),
    );
    let full = (1 << bits) - 1;
    let bias = (1 << (bits - 1)) - 1;
    let part = f32::from(fraction) / (1 << mantissa) as f32;
    let size = match (exponent, fraction) {
        (e, f) if e == full && without_infinities && i32::from(f) == (1 << mantissa) - 1 => f32::NAN,
        (e, 0) if e == full && !without_infinities => f32::INFINITY,
        (e, _) if e == full && !without_infinities => f32::NAN,
        (0, _) => part * 2f32.powi(1 - bias),
        (e, _) => (1.0 + part) * 2f32.powi(e - bias),
    };
    if sign == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_floats_at_their_ends() {
        // OCP 8-bit floating point: the largest, the smallest normal, the smallest subnormal, and what is not a number.
        assert_eq!(small_float(0x7e, 3, true), 448.0);
        assert_eq!(small_float(0x08, 3, true), 2f32.powi(-6));
        assert_eq!(small_float(0x01, 3, true), 2f32.powi(-9));
        assert_eq!(small_float(0xbc, 3, true), -1.5);
        assert!(small_float(0x7f, 3, true).is_nan());
        assert_eq!(small_float(0x7b, 2, false), 57344.0);
        assert_eq!(small_float(0x01, 2, false), 2f32.powi(-16));
        assert!(small_float(0x7c, 2, false).is_infinite() && small_float(0x7d, 2, false).is_nan());
    }

    #[test]
    fn codes_have_the_first_weight_in_the_high_half() {
        let map: Vec<f32> = (0..16).map(|i| i as f32).collect();
        assert_eq!(
            four_bit(&[0x1f, 0x20], &map, &[1.0, 10.0], 2, 4),
            Some(vec![1.0, 15.0, 20.0, 0.0])
        );
        assert_eq!(four_bit(&[0x1f], &map, &[1.0], 2, 4), None);
    }
}
