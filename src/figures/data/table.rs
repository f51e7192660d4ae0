//! The numbers behind a figure, as rows: for readers who cannot see it, and for every export of data.

#![warn(missing_docs)]

use serde::{Deserialize, Serialize};

/// Columns carry their units in their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// The figure’s heading.
    pub title: String,
    /// Heads, with units.
    pub columns: Vec<String>,
    /// One value per column.
    pub rows: Vec<Vec<Value>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(untagged)]
pub enum Value {
    /// Not known.
    None,
    /// Finite or not; exports say how.
    Number(f64),
    /// A name or a sentence.
    Text(String),
}

impl From<f64> for Value {
    /// NaN and infinities become [`Value::None`]: JSON has neither.
    fn from(x: f64) -> Value {
        if x.is_finite() { Value::Number(x) } else { Value::None }
    }
}

impl From<f32> for Value {
    /// The shortest decimal that reads back as the same f32.
    fn from(x: f32) -> Value {
        x.to_string().parse::<f64>().map_or(Value::None, Value::from)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Value {
        Value::Number(f64::from(n))
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Value {
        Value::Number(n as f64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}
