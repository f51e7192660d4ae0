//! The table of the evolution: one row per checkpoint and vector. A track is named by the rank of its vector at the last checkpoint drawn.

use super::Layout;
use crate::figures::{Table, Value};

impl Layout<'_> {
    pub fn table(&self) -> Table {
        let columns = [
            "step",
            "track",
            "rank",
            "singular value",
            "best match",
            "upper bound",
            "best match i",
        ]
        .map(String::from)
        .to_vec();
        let mut rows = Vec::new();
        if let Some(history) = &self.history {
            for track in history.tracks(self.end) {
                let name = Value::from(track.at(self.end).map(|rank| rank + 1));
                for t in 0..=self.end {
                    let Some(spot) = track.at(t).and_then(|rank| history.spot(t, rank)) else {
                        continue;
                    };
                    rows.push(vec![
                        Value::from(history.step(t) as f64),
                        name.clone(),
                        (spot.rank + 1).into(),
                        spot.sigma.map(|s| s as f32).into(),
                        spot.best.map(|b| b.cos as f32).into(),
                        spot.best.and_then(|b| b.upper).map(|u| u as f32).into(),
                        spot.best.and_then(|b| b.i).map(|i| i + 1).into(),
                    ]);
                }
            }
        }
        Table {
            title: String::new(),
            columns,
            rows,
        }
    }
}
