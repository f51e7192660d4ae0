//! Matrix view: the operand of a product, somewhere in memory, in its own type and order, widened while it is packed.

use super::kernel::Scalar;
use nalgebra::DMatrix;
use std::ops::Range;

/// Values as they lie in memory. Files hold little-endian bytes without alignment.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    F32Bytes(&'a [[u8; 4]]),
    F16Bytes(&'a [[u8; 2]]),
    Bf16Bytes(&'a [[u8; 2]]),
}

/// Columns that are packed at once, through all panels: they may be pages apart, and each is read on where the panel before it ended.
const LINE: usize = 16;

/// rows x cols values, element (i, j) at `i * down + j * across`.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    values: Values<'a>,
    rows: usize,
    cols: usize,
    down: usize,
    across: usize,
}

impl<'a, T: Scalar> From<&'a DMatrix<T>> for View<'a> {
    fn from(m: &'a DMatrix<T>) -> Self {
        View {
            values: T::values(m.as_slice()),
            rows: m.nrows(),
            cols: m.ncols(),
            down: 1,
            across: m.nrows(),
        }
    }
}

/// The type of numbers in the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    F32,
    F16,
    Bf16,
}

impl<'a> View<'a> {
    /// A row-major matrix as stored; none when the bytes are not as many as the shape needs.
    pub fn stored(bytes: &'a [u8], kind: Stored, rows: usize, cols: usize) -> Option<View<'a>> {
        let (values, length) = match kind {
            Stored::F32 => (Values::F32Bytes(bytes.as_chunks().0), 4),
            Stored::F16 => (Values::F16Bytes(bytes.as_chunks().0), 2),
            Stored::Bf16 => (Values::Bf16Bytes(bytes.as_chunks().0), 2),
        };
        let fits = rows.checked_mul(cols)?.checked_mul(length)? == bytes.len();
        fits.then_some(View {
            values,
            rows,
            cols,
            down: cols,
            across: 1,
        })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The transpose.
    pub fn t(self) -> View<'a> {
        View {
            rows: self.cols,
            cols: self.rows,
            down: self.across,
            across: self.down,
            ..self
        }
    }

    /// Some columns of a matrix.
    pub fn columns(m: &'a DMatrix<f32>, range: Range<usize>) -> View<'a> {
        View {
            values: Values::F32(&m.as_slice()[range.start * m.nrows()..range.end * m.nrows()]),
            rows: m.nrows(),
            cols: range.len(),
            down: 1,
            across: m.nrows(),
        }
    }

    /// The rows from `first` on.
    pub fn below(self, first: usize) -> View<'a> {
        let at = first * self.down;
        let values = match self.values {
            Values::F32(v) => Values::F32(&v[at..]),
            Values::F64(v) => Values::F64(&v[at..]),
            Values::F32Bytes(v) => Values::F32Bytes(&v[at..]),
            Values::F16Bytes(v) => Values::F16Bytes(&v[at..]),
            Values::Bf16Bytes(v) => Values::Bf16Bytes(&v[at..]),
        };
        View {
            values,
            rows: self.rows - first,
            ..self
        }
    }

    /// Some rows.
    pub fn lines(self, range: Range<usize>) -> View<'a> {
        View {
            rows: range.len(),
            ..self.below(range.start)
        }
    }

    /// Calls with every value, in memory's order.
    pub fn each(&self, mut f: impl FnMut(f32)) {
        match self.values {
            Values::F32(v) => v.iter().for_each(|x| f(*x)),
            Values::F64(v) => v.iter().for_each(|x| f(*x as f32)),
            Values::F32Bytes(v) => v.iter().for_each(|x| f(f32::from_le_bytes(*x))),
            Values::F16Bytes(v) => v.iter().for_each(|x| f(half(*x))),
            Values::Bf16Bytes(v) => v.iter().for_each(|x| f(brain(*x))),
        }
    }

    /// A copy in columns. For views of a whole matrix.
    pub fn matrix(&self) -> DMatrix<f32> {
        let mut values = Vec::with_capacity(self.rows * self.cols);
        self.each(|x| values.push(x));
        if self.down == 1 {
            DMatrix::from_vec(self.rows, self.cols, values)
        } else {
            DMatrix::from_row_slice(self.rows, self.cols, &values)
        }
    }

    /// Writes `rows` x `cols` as panels of `HEIGHT` rows, each column after column; a short last panel is filled up with zeros.
    pub fn pack<T: Scalar, const HEIGHT: usize>(&self, rows: Range<usize>, cols: Range<usize>, out: &mut [T]) {
        let out = out.as_chunks_mut::<HEIGHT>().0;
        match self.values {
            Values::F32(v) => self.pack_from(v, T::of, rows, cols, out),
            Values::F64(v) => self.pack_from(v, T::of_f64, rows, cols, out),
            Values::F32Bytes(v) => self.pack_from(v, |x| T::of(f32::from_le_bytes(x)), rows, cols, out),
            Values::F16Bytes(v) => self.pack_from(v, |x| T::of(half(x)), rows, cols, out),
            Values::Bf16Bytes(v) => self.pack_from(v, |x| T::of(brain(x)), rows, cols, out),
        }
    }

    /// Numbers lie side by side either down a column or along a row.
    fn pack_from<E: Copy, T: Scalar, const HEIGHT: usize>(
        &self,
        values: &[E],
        widen: impl Fn(E) -> T,
        rows: Range<usize>,
        cols: Range<usize>,
        out: &mut [[T; HEIGHT]],
    ) {
        let depth = cols.len();
        let whole = if self.down == 1 { rows.len() / HEIGHT } else { 0 };
        for begin in (0..depth).step_by(LINE) {
            for panel in 0..whole {
                for k in begin..(begin + LINE).min(depth) {
                    let column = &values[(cols.start + k) * self.across + rows.start + panel * HEIGHT..];
                    if let Some(from) = column.first_chunk::<HEIGHT>() {
                        out[panel * depth + k] = from.map(&widen);
                    }
                }
            }
        }
        for (panel, out) in out.chunks_exact_mut(depth).enumerate().skip(whole) {
            let first = rows.start + panel * HEIGHT;
            let own = HEIGHT.min(rows.end.saturating_sub(first));
            let column = |k: usize| &values[(cols.start + k) * self.across + first..][..own];
            let row = |r: usize| &values[(first + r) * self.down + cols.start..][..depth];
            if self.down != 1 && own == HEIGHT {
                let rows: [&[E]; HEIGHT] = std::array::from_fn(row);
                for (k, out) in out.iter_mut().enumerate() {
                    *out = std::array::from_fn(|r| widen(rows[r][k]));
                }
                continue;
            }
            out.fill([T::default(); HEIGHT]);
            for (k, out) in out.iter_mut().enumerate() {
                for (r, out) in out.iter_mut().enumerate().take(own) {
                    *out = widen(if self.down == 1 { column(k)[r] } else { row(r)[k] });
                }
            }
        }
    }
}

fn brain(bytes: [u8; 2]) -> f32 {
    f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
}

/// Exponent and mantissa move into place; 2^112 corrects the bias, subnormals included. Finite values only.
fn half(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    let magnitude = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}
