//! DoRA (Liu et al. 2024): the direction is W0 + s B A, the length of every row a number of its own.

use super::config::{Says, flag};
use super::lora::{self, factors};
use super::{Change, Config, Fault, Input, Method, Outline, Parts, Shapes};
use crate::linalg::{Matrix, View, product};
use crate::report::Kind;

pub static DORA: Method = Method {
    kind: Kind::Dora,
    formula: "W = m (W₀ + s B A) / ‖W₀ + s B A‖, row by row",
    known_by: &["lora_magnitude_vector", "dora_scale"],
    over: None,
    with: &["lora_A", "lora_B", "lora_mid"],
    config: Some(Config {
        says: Says::Part(|config| flag(config, "use_dora")),
        ..Config::LORA
    }),
    scaled: true,
    outline,
    change,
    proof: "llama_dora",
};

fn outline(shapes: &Shapes) -> Result<Outline, Fault> {
    checked(shapes, lora::outline(shapes)?)
}

/// An outline to which the magnitude fits.
pub fn checked(shapes: &Shapes, outline: Outline) -> Result<Outline, Fault> {
    let [out, inputs] = outline.shape;
    let part = if shapes.has("dora_scale") {
        "dora_scale"
    } else {
        "lora_magnitude_vector"
    };
    let length = shapes.vector(part)?;
    if length == out || part == "dora_scale" && length > 0 && inputs.is_multiple_of(length) {
        Ok(outline)
    } else {
        Err(Fault::Form(format!(
            "“{part}” has {length} entries; the factors make {out} × {inputs}."
        )))
    }
}

fn change(input: &Input) -> Result<Change, String> {
    let (b, a) = factors(input.parts)?;
    let (m, by_input) = magnitude(input.parts)?;
    let mut added: Matrix = product::<f32>(&b, &a);
    added.scale_mut(input.scale as f32);
    rescaled(input.w0, &added, m, by_input)
}

/// The lengths, and whether every input has one instead of every row.
pub fn magnitude(parts: &Parts) -> Result<(&[f32], bool), String> {
    let (part, m) = ["lora_magnitude_vector", "dora_scale"]
        .into_iter()
        .find_map(|part| parts.get(part).map(|f| (part, f)))
        .ok_or("The magnitude was not read.")?;
    // LyCORIS of before 2024 kept a length for every input: dora_scale is [1, in, ...] then.
    let by_input = part == "dora_scale" && m.shape.first() == Some(&1) && m.shape.iter().any(|d| *d > 1);
    Ok((m.matrix.as_slice(), by_input))
}

/// The change when every row (or the columns of every input) of W0 + `added` gets the length `m`.
pub fn rescaled(w0: View, added: &Matrix, m: &[f32], by_input: bool) -> Result<Change, String> {
    let w0 = w0.matrix();
    if added.shape() != w0.shape() {
        return Err(format!(
            "The change is {} × {}, the base {} × {}.",
            added.nrows(),
            added.ncols(),
            w0.nrows(),
            w0.ncols()
        ));
    }
    let lines = if by_input { w0.ncols() } else { w0.nrows() };
    if m.is_empty() || !lines.is_multiple_of(m.len()) {
        return Err(format!(
            "The magnitude has {} entries; {lines} rows need one each.",
            m.len()
        ));
    }
    // A convolution has several columns an input.
    let each = lines.checked_div(m.len()).unwrap_or(0);
    let line = |i: usize, j: usize| if by_input { j } else { i }.checked_div(each).unwrap_or(0);
    let old = |i: usize, j: usize| f64::from(w0.get((i, j)).copied().unwrap_or(0.0));
    let new = |i: usize, j: usize| f64::from(added.get((i, j)).copied().unwrap_or(0.0));
    let mut squares = vec![0.0f64; m.len()];
    for j in 0..w0.ncols() {
        for i in 0..w0.nrows() {
            if let Some(square) = squares.get_mut(line(i, j)) {
                *square += (old(i, j) + new(i, j)).powi(2);
            }
        }
    }
    let factor: Vec<f64> = squares
        .iter()
        .zip(m)
        .map(|(square, m)| f64::from(*m) / square.sqrt())
        .collect();
    Ok(Change::Dense(Matrix::from_fn(w0.nrows(), w0.ncols(), |i, j| {
        let f = factor.get(line(i, j)).copied().unwrap_or(1.0);
        ((f - 1.0) * old(i, j) + f * new(i, j)) as f32
    })))
}
