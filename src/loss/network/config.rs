//! A model's `config.json`, asked key by key: spellings of old and new libraries, and of families that name things their own way.

use serde_json::{Map, Value};

/// The configuration of one model.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a>(pub &'a Map<String, Value>);

impl<'a> Config<'a> {
    /// None where it is missing or null.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|v| !v.is_null())
    }

    /// The key is there, null or not.
    pub fn says(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64().filter(|x| x.is_finite())
    }

    /// A count, under the first of several names; none where it is 0 or beyond all networks.
    pub fn count(&self, keys: &[&str]) -> Option<usize> {
        const MOST: u64 = 1 << 24;
        let value = keys.iter().find_map(|key| self.get(key))?.as_u64()?;
        (1..=MOST).contains(&value).then_some(value as usize)
    }

    pub fn list(&self, key: &str) -> Option<&'a Vec<Value>> {
        self.get(key)?.as_array()
    }
}
