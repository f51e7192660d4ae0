//! Provenance: what a reader needs to judge or repeat a number. The rule, the program, the files, the paper.

use crate::report::presets;
use crate::report::{FileInfo, Report, Settings};
use crate::summary;
use serde::Serialize;

pub const PAPER: &str =
    "Shuttleworth, Andreas, Torralba, Sharma: LoRA vs Full Fine-tuning: An Illusion of Equivalence, arXiv:2410.21228";

pub const BIBTEX: &str = "@article{shuttleworth2024lora,
  title   = {LoRA vs Full Fine-tuning: An Illusion of Equivalence},
  author  = {Shuttleworth, Reece and Andreas, Jacob and Torralba, Antonio and Sharma, Pratyusha},
  journal = {arXiv preprint arXiv:2410.21228},
  year    = {2024}
}";

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// "Lorascope 0.1.0".
    pub program: String,
    /// Build and threads that computed the numbers.
    pub build: String,
    /// "“official code”, changed: k = 20".
    pub preset: String,
    /// A caveat to know before the numbers are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// "left vectors, |cos|, thin SVD, k = 20, ε = 0.50".
    pub rule: String,
    pub base: String,
    pub models: Vec<String>,
    pub files: Vec<FileInfo>,
    pub paper: &'static str,
    pub bibtex: &'static str,
}

pub fn provenance(report: &Report, settings: &Settings) -> Provenance {
    let all = report
        .base
        .files
        .iter()
        .chain(report.models.iter().flat_map(|m| &m.files));
    let mut files: Vec<FileInfo> = Vec::new();
    for file in all {
        if !files.contains(file) {
            files.push(file.clone());
        }
    }
    Provenance {
        program: format!("Lorascope {}", report.generator.version),
        build: format!("{}, {} threads", report.generator.build, report.generator.threads),
        preset: presets::rule_name(settings),
        remark: summary::remark(report),
        rule: presets::rule(settings),
        base: report.base.label.clone(),
        models: report.models.iter().map(|m| m.label.clone()).collect(),
        files,
        paper: PAPER,
        bibtex: BIBTEX,
    }
}

impl Provenance {
    /// One line for under a figure.
    pub fn caption(&self) -> String {
        let remark = self
            .remark
            .as_ref()
            .map(|remark| format!(" {remark}"))
            .unwrap_or_default();
        format!(
            "{}: preset {}; {}. {}, after arXiv:2410.21228.{remark}",
            self.base, self.preset, self.rule, self.program
        )
    }

    /// The whole provenance, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("{} ({})", self.program, self.build),
            format!("Preset {}: {}", self.preset, self.rule),
            format!("Base: {}", self.base),
            format!("Fine-tunes: {}", self.models.join(", ")),
        ];
        lines.extend(self.remark.iter().map(|remark| format!("Remark: {remark}")));
        lines.extend(self.files.iter().map(|f| format!("File: {}", file_line(f))));
        lines.push(format!("Paper: {}", self.paper));
        lines.extend(self.bibtex.lines().map(str::to_owned));
        lines
    }
}

pub fn file_line(file: &FileInfo) -> String {
    let hash = file
        .sha256
        .as_ref()
        .map_or("sha256 not computed".to_owned(), |h| format!("sha256 {h}"));
    format!("{}, {} bytes, {hash}", file.name, file.size)
}
