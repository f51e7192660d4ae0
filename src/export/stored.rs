//! The stored report: the whole of it as a file, and back.

use super::slim::first_columns;
use super::sound;
use crate::report::{Report, SCHEMA, Settings};
use crate::summary;

/// The number of fine-tuned vectors that keep their cosines with every pre-trained one: all n would be hundreds of megabytes of digits.
const VECTORS: u32 = 16;

/// `lorascope-report/1`, with counts and totals by the settings.
pub fn report(report: &Report, settings: &Settings) -> String {
    let mut out = report.clone();
    summary::apply(&mut out, settings);
    for side in out
        .models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .flat_map(|m| [&mut m.left, &mut m.right])
        .flatten()
    {
        side.vectors = side.vectors.take().map(|v| {
            if v.rows > crate::report::CORNER as u32 {
                first_columns(v, VECTORS)
            } else {
                v
            }
        });
    }
    serde_json::to_string(&out).unwrap_or_default()
}

/// Reads a stored report; the error says in words why it is not one.
pub fn read(text: &str) -> Result<Report, String> {
    let report: Report = serde_json::from_str(text).map_err(|why| format!("It is no report of Lorascope: {why}."))?;
    if report.schema != SCHEMA {
        return Err(format!(
            "It is a {}, this version reads {SCHEMA}.",
            report.schema.chars().take(60).collect::<String>()
        ));
    }
    match sound::fault(&report) {
        Some(what) => Err(format!(
            "It cannot be drawn: {what}. It was changed or is damaged; store it again from its checkpoints."
        )),
        None => Ok(report),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_no_report_is_said() {
        assert!(read("{}").unwrap_err().starts_with("It is no report"));
        let other = r#"{"schema":"lorascope-report/9","generator":{"name":"","version":"","build":"","threads":1},"settings":{"k":1,"epsilon":0.5,
            "side":"left","cosine":"absolute","svd":"thin","mode":"auto","preset":""},"base":{"label":"","files":[]},"models":[]}"#;
        assert_eq!(
            read(other).unwrap_err(),
            "It is a lorascope-report/9, this version reads lorascope-report/1."
        );
    }
}
