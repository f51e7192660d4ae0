//! A tensor's bytes as a matrix: checked once, widened only where they are used.

use super::{Stop, bytes_of, rounded};
use crate::checkpoint::{Dtype, packed};
use crate::linalg::{Matrix, Stored, View, product};
use crate::plan::job::{Scheme, TensorRef};
use crate::report::Status;
use std::borrow::Cow;

/// A finite matrix as its file stores it.
pub struct Weights<'a> {
    bytes: Cow<'a, [u8]>,
    stored: Stored,
    rows: usize,
    cols: usize,
    transposed: bool,
}

/// A matrix that was computed; `turned`: as `[in, out]`.
pub struct Merged {
    values: Matrix,
    turned: bool,
}

impl Merged {
    /// `[out, in]`.
    pub fn view(&self) -> View<'_> {
        let view = View::from(&self.values);
        if self.turned { view.t() } else { view }
    }

    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|x| x.is_finite())
    }
}

impl<'a> Weights<'a> {
    /// The first dimension goes down the rows, all others across. `transposed`: stored as `[in, out]`. `shape` is
    /// that of the `[out, in]` matrix, where it is known. `bytes` begins with the tensor's own and those it is read with.
    pub fn read<B: AsRef<[u8]>>(
        tensor: &TensorRef,
        bytes: Option<&'a [B]>,
        shape: Option<(usize, usize)>,
        transposed: bool,
    ) -> Result<Weights<'a>, Stop> {
        let name = &tensor.name;
        let own = bytes_of(bytes, 0).ok_or_else(|| Stop::failed(format!("The bytes of “{name}” were not read.")))?;
        let (stored, bytes) = match tensor.dtype {
            _ if tensor.packing.is_some() => (Stored::F32, Cow::Owned(unpacked(tensor, own, bytes)?)),
            Dtype::F32 => (Stored::F32, Cow::Borrowed(own)),
            Dtype::F16 => (Stored::F16, Cow::Borrowed(own)),
            Dtype::BF16 => (Stored::Bf16, Cow::Borrowed(own)),
            Dtype::F64 => (Stored::F32, Cow::Owned(narrowed(own))),
            Dtype::Other(..) | Dtype::Unknown(_) => {
                let reason = format!(
                    "“{name}” is stored as {}, which is not read as weights.",
                    tensor.dtype.name()
                );
                return Err(Stop {
                    status: Status::Skipped,
                    reason,
                });
            }
        };
        let rows = tensor.shape.first().map_or(1, |d| *d as usize);
        let cols = tensor
            .shape
            .iter()
            .skip(1)
            .try_fold(1usize, |n, d| n.checked_mul(*d as usize))
            .unwrap_or(0);
        let cols = tensor.columns.map_or(cols, |picked| picked.of as usize);
        let (rows, cols, transposed) = if tensor.by_columns {
            (cols, rows, !transposed)
        } else {
            (rows, cols, transposed)
        };
        let weights = Weights {
            bytes,
            stored,
            rows,
            cols,
            transposed,
        };
        if View::stored(&weights.bytes, stored, rows, cols).is_none() {
            return Err(Stop::failed(format!(
                "“{name}” has {} bytes; its shape {rows} × {cols} needs another number.",
                weights.bytes.len()
            )));
        }
        weights.finite(name)?;
        let own = weights.view();
        match shape {
            Some((rows, cols)) if (rows, cols) != (own.rows(), own.cols()) => Err(Stop::failed(format!(
                "“{name}” is {} × {}, not {rows} × {cols}.",
                own.rows(),
                own.cols()
            ))),
            _ => Ok(weights),
        }
    }

    /// A finite matrix that is in memory.
    pub fn of(w: &Matrix) -> Weights<'static> {
        let bytes = Cow::Owned(w.iter().flat_map(|x| x.to_le_bytes()).collect());
        Weights {
            bytes,
            stored: Stored::F32,
            rows: w.ncols(),
            cols: w.nrows(),
            transposed: true,
        }
    }

    /// The same with bytes of its own.
    pub fn owned(&self) -> Weights<'static> {
        Weights {
            bytes: Cow::Owned(self.bytes.to_vec()),
            stored: self.stored,
            rows: self.rows,
            cols: self.cols,
            transposed: self.transposed,
        }
    }

    /// Bytes that it holds.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// `[out, in]`.
    pub fn view(&self) -> View<'_> {
        let view = View::stored(&self.bytes, self.stored, self.rows, self.cols).expect("checked when it was read");
        if self.transposed { view.t() } else { view }
    }

    pub fn matrix(&self) -> Matrix {
        self.view().matrix()
    }

    /// Some of the outputs, in the same type.
    pub fn select(&self, rows: &[usize]) -> Weights<'a> {
        let width = self.bytes.len() / (self.rows * self.cols).max(1);
        let inputs = if self.transposed { self.rows } else { self.cols };
        let at = |i: usize, j: usize| {
            if self.transposed {
                j * self.cols + i
            } else {
                i * self.cols + j
            }
        };
        let mut bytes = Vec::with_capacity(rows.len() * inputs * width);
        for (i, j) in rows.iter().flat_map(|i| (0..inputs).map(move |j| (*i, j))) {
            bytes.extend_from_slice(&self.bytes[at(i, j) * width..][..width]);
        }
        Weights {
            bytes: Cow::Owned(bytes),
            stored: self.stored,
            rows: rows.len(),
            cols: inputs,
            transposed: false,
        }
    }

    /// W - W0 in the order of the file, that is turned where [`Weights::view`] is not: a change is only asked for its singular values.
    pub fn minus(&self, w0: &Weights) -> Matrix {
        if self.transposed != w0.transposed {
            return self.matrix() - w0.matrix();
        }
        let mut values = Vec::with_capacity(self.rows * self.cols);
        View::stored(&self.bytes, self.stored, self.rows, self.cols)
            .expect("checked when it was read")
            .each(|x| values.push(x));
        let mut value = values.iter_mut();
        w0.view().each(|x| {
            if let Some(value) = value.next() {
                *value -= x;
            }
        });
        Matrix::from_vec(self.cols, self.rows, values)
    }

    /// W0 + scale B A, with B A computed in the order of the file.
    pub fn plus(&self, b: &Matrix, a: &Matrix, scale: f64) -> Merged {
        let b = b * scale as f32;
        let (a, b) = (View::from(a), View::from(&b));
        let mut values: Matrix = if self.transposed {
            product(b, a)
        } else {
            product(a.t(), b.t())
        };
        let mut value = values.iter_mut();
        self.view().each(|x| {
            if let Some(value) = value.next() {
                *value += x;
            }
        });
        Merged {
            values,
            turned: !self.transposed,
        }
    }

    /// Whether the numbers are the same, bit for bit.
    pub fn equals(&self, other: &Weights) -> bool {
        if self.stored == other.stored && self.transposed == other.transposed {
            return self.bytes == other.bytes;
        }
        self.matrix() == other.matrix()
    }

    /// The largest singular value that rounding to this type gives a matrix of its own: independent errors of variance ulp^2 / 12
    /// have a largest singular value of about their deviation times sqrt(rows) + sqrt(cols). 0 for f32, whose rounding is never seen.
    pub fn rounding(&self) -> f64 {
        // An ulp is this part of the power of two below a number.
        let ulp = match self.stored {
            Stored::F32 => return 0.0,
            Stored::F16 => 2f64.powi(-10),
            Stored::Bf16 => 2f64.powi(-7),
        };
        let mut sum = 0.0f64;
        self.view().each(|x| {
            let power = f32::from_bits(x.to_bits() & 0x7f80_0000);
            sum += f64::from(power).powi(2);
        });
        let deviation = (sum / (self.rows * self.cols) as f64 / 12.0).sqrt() * ulp;
        deviation * ((self.rows as f64).sqrt() + (self.cols as f64).sqrt())
    }

    /// Itself with some outputs taken from others, in the same type; none where their types differ.
    pub fn with(&self, parts: &[(&[usize], &Weights)]) -> Option<Weights<'static>> {
        let all: Vec<usize> = (0..self.view().rows()).collect();
        let mut whole = self.select(&all);
        let covered: usize = parts.iter().map(|(rows, _)| rows.len()).sum();
        let stored = parts.first()?.1.stored;
        if parts.iter().any(|(_, w)| w.stored != stored) || stored != self.stored && covered < all.len() {
            return None;
        }
        let width = parts.first()?.1.bytes.len() / (parts.first()?.1.rows * parts.first()?.1.cols).max(1);
        let line = whole.cols * width;
        let mut bytes = if stored == self.stored {
            whole.bytes.into_owned()
        } else {
            vec![0; all.len() * line]
        };
        for (rows, w) in parts {
            let own: Vec<usize> = (0..rows.len()).collect();
            let part = w.select(&own);
            for (i, row) in rows.iter().enumerate() {
                bytes
                    .get_mut(row * line..(row + 1) * line)?
                    .copy_from_slice(part.bytes.get(i * line..(i + 1) * line)?);
            }
        }
        whole.stored = stored;
        Some(Weights {
            bytes: Cow::Owned(bytes),
            stored,
            rows: all.len(),
            cols: whole.cols,
            transposed: false,
        })
    }

    /// The largest singular value of the rounding of 4 or 8 bits, where the change `w - w0` carries it: a model that was trained on a packed
    /// base and merged into that, unpacked. 0 where it does not.
    pub fn packed_rounding(&self, w0: &Weights, change: &Matrix) -> f64 {
        let Some(base) = w0.in_order_of(self) else { return 0.0 };
        let Some(error) = rounded::carried(&base, self.cols, change.as_slice()) else {
            return 0.0;
        };
        let deviation = error.sqrt();
        deviation * ((self.rows as f64).sqrt() + (self.cols as f64).sqrt())
    }

    /// Its numbers in the order in which another of the same shape stores them; none where they are turned against each other.
    fn in_order_of(&self, other: &Weights) -> Option<Vec<f32>> {
        if self.transposed != other.transposed || (self.rows, self.cols) != (other.rows, other.cols) {
            return None;
        }
        let mut values = Vec::with_capacity(self.rows * self.cols);
        View::stored(&self.bytes, self.stored, self.rows, self.cols)?.each(|x| values.push(x));
        Some(values)
    }

    fn finite(&self, name: &str) -> Result<(), Stop> {
        let (mut bad, mut nan) = (0u64, false);
        let mut look = |exponent_full: bool, mantissa: bool| {
            bad += u64::from(exponent_full);
            nan |= exponent_full && mantissa;
        };
        match self.stored {
            Stored::F32 => self
                .bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| u32::from_le_bytes(*b))
                .for_each(|x| look(x & 0x7f80_0000 == 0x7f80_0000, x & 0x7f_ffff != 0)),
            Stored::F16 => self.halves().for_each(|x| look(x & 0x7c00 == 0x7c00, x & 0x3ff != 0)),
            Stored::Bf16 => self.halves().for_each(|x| look(x & 0x7f80 == 0x7f80, x & 0x7f != 0)),
        }
        if bad == 0 {
            return Ok(());
        }
        let what = if nan { "not a number (NaN)" } else { "infinite" };
        Err(Stop::failed(format!(
            "{bad} of {} values of “{name}” are {what}.",
            self.rows * self.cols
        )))
    }

    fn halves(&self) -> impl Iterator<Item = u16> {
        self.bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b))
    }
}

/// The largest value, where it lies in the upper half of its type: packers scale the largest weight to the end of the range, and no network
/// has weights of that size.
fn fills_its_range(values: &[f32], dtype: &str) -> Option<f32> {
    let end = if dtype == "F8_E5M2" { 57344.0 } else { 448.0 };
    let largest = values.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    (largest.is_finite() && largest >= end / 2.0).then_some(largest)
}

/// The numbers that codes stand for, as f32 in the order of the file.
fn unpacked<B: AsRef<[u8]>>(tensor: &TensorRef, own: &[u8], bytes: Option<&[B]>) -> Result<Vec<u8>, Stop> {
    let wrong = || {
        Stop::failed(format!(
            "“{}” and the tensors it is packed with do not fit together.",
            tensor.name
        ))
    };
    let packing = tensor.packing.as_ref().ok_or_else(wrong)?;
    let floats = |i: usize| {
        packing
            .with
            .get(i)
            .and_then(|t| t.dtype.decode(bytes_of(bytes, i + 1)?))
            .ok_or_else(wrong)
    };
    let count = tensor
        .shape
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(*d as usize))
        .ok_or_else(wrong)?;
    let values = match packing.scheme {
        Scheme::FourBit { block, nested } => {
            let scales = match nested {
                None => floats(1)?,
                Some((nested, offset)) => packed::nested_scales(
                    bytes_of(bytes, 2).ok_or_else(wrong)?,
                    &floats(2)?,
                    &floats(3)?,
                    nested,
                    offset,
                )
                .ok_or_else(wrong)?,
            };
            packed::four_bit(own, &floats(0)?, &scales, block, count)
        }
        Scheme::Cast => {
            let values = packed::eight_bit(&tensor.dtype, own, own.len(), &[1.0], [1, own.len()]);
            if let Some(largest) = values.as_ref().and_then(|v| fills_its_range(v, tensor.dtype.name())) {
                return Err(Stop::failed(format!(
                    "“{}” reaches {largest}, the end of what {} can say: such values stand for weights only together with a scale, and the \
                     file has none. Drop the file with its scales, or the 16-bit model.",
                    tensor.name,
                    tensor.dtype.name()
                )));
            }
            values
        }
        Scheme::EightBit { block } => {
            // As stored: a tensor that is turned says its shape turned.
            let cols = tensor
                .shape
                .get(usize::from(!tensor.by_columns))
                .map_or(0, |d| *d as usize);
            packed::eight_bit(&tensor.dtype, own, cols, &floats(0)?, block.map(|b| b as usize))
        }
    };
    Ok(values
        .ok_or_else(wrong)?
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect())
}

fn narrowed(bytes: &[u8]) -> Vec<u8> {
    bytes
        .as_chunks::<8>()
        .0
        .iter()
        .flat_map(|b| (f64::from_le_bytes(*b) as f32).to_le_bytes())
        .collect()
}
