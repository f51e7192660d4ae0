//! Labels, colours and order of models and matrix types, the same in tables and figures.

mod labels;
mod look;
mod types;

pub use labels::{labels, run_name};
pub use look::{Dash, Series, last_of_runs, series};
pub use types::{place, type_label, type_order, type_short};

use crate::report::{Matrix, Model};

impl Model {
    /// Puts a matrix in its place in the network, whatever the order in which results arrive; one of the same name is replaced.
    pub fn take(&mut self, matrix: Matrix) {
        self.matrices.retain(|m| m.name != matrix.name);
        let at = self.matrices.partition_point(|m| in_network(m) < in_network(&matrix));
        self.matrices.insert(at, matrix);
    }

    /// Puts all matrices at once in their places; no two have one name.
    pub fn fill(&mut self, mut matrices: Vec<Matrix>) {
        matrices.sort_by(|a, b| in_network(a).cmp(&in_network(b)));
        self.matrices = matrices;
    }
}

/// The place of a matrix in the network.
fn in_network(m: &Matrix) -> (bool, Option<u32>, usize, &str) {
    (m.layer.is_none(), m.layer, type_order(m.kind.as_deref()), &m.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Kind, Matching, RunStep, Totals};

    fn model(kind: Kind, rank: Option<u32>, label: &str) -> Model {
        let (label, matching, totals) = (label.to_owned(), Matching::default(), Totals::default());
        Model {
            label,
            kind,
            formula: None,
            run: None,
            rank,
            alpha: None,
            scale: None,
            files: vec![],
            matching,
            sources: vec![],
            matrices: vec![],
            totals,
            surgery: None,
        }
    }

    fn tokens(models: &[Model]) -> Vec<String> {
        series(models).into_iter().map(|s| s.token).collect()
    }

    fn dashes(models: &[Model]) -> Vec<Dash> {
        series(models).into_iter().map(|s| s.dash).collect()
    }

    #[test]
    fn ranks_spread_over_the_steps_and_equal_ones_differ() {
        let models = [
            model(Kind::Full, None, "ft"),
            model(Kind::Lora, Some(64), "lora-r64"),
            model(Kind::Lora, Some(1), "adapter"),
            model(Kind::Lora, Some(8), "lora_r8"),
            model(Kind::Lora, Some(8), "lora_8"),
        ];
        assert_eq!(tokens(&models), ["full", "lora-7", "lora-1", "lora-3", "lora-5"]);
        assert_eq!(dashes(&models), [Dash::Solid; 5]);
        assert_eq!(
            labels(&models),
            ["Full", "LoRA r = 64", "LoRA r = 1", "lora_r8", "lora_8"]
        );
        assert_eq!(tokens(&models[..2])[1], "lora-4");
        assert_eq!(tokens(&models[..4])[1..], ["lora-7", "lora-1", "lora-4"]);
        let full = [model(Kind::Full, None, "a"), model(Kind::Full, None, "b")];
        assert_eq!(dashes(&full), [Dash::Solid, Dash::Dashed]);
    }

    #[test]
    fn a_name_that_tells_more_than_method_and_rank_is_kept() {
        let told = |label: &str| labels(&[model(Kind::Lora, Some(8), label)]).remove(0);
        for common in ["lora", "LoRA-r8", "lora_rank_8", "adapter_model", "finetuned-lora8", ""] {
            assert_eq!(told(common), "LoRA r = 8", "{common}");
        }
        for own in [
            "medqa_qlora_r8_best",
            "lora_r8_hot",
            "lora-r16",
            "adapter-2",
            "r8-seed3",
            "модель",
        ] {
            assert_eq!(told(own), own);
        }
    }

    #[test]
    fn every_line_of_a_few_has_a_look_of_its_own_and_hundreds_are_drawn_in_whole_lines() {
        let of = |n: usize| -> Vec<Model> {
            (0..n)
                .map(|i| model(Kind::Lora, Some(8), &format!("run {i}")))
                .collect()
        };
        for n in 1..=24 {
            let mut looks: Vec<String> = series(&of(n)).iter().map(|s| format!("{s:?}")).collect();
            looks.sort_unstable();
            looks.dedup();
            assert_eq!(looks.len(), n);
        }
        assert!(dashes(&of(300)).iter().all(|dash| *dash == Dash::Solid));
        assert_eq!(labels(&of(300))[299], "run 299");
    }

    #[test]
    fn checkpoints_of_a_run_share_a_colour_and_are_told_apart() {
        let at = |kind, rank, run: &str, step| Model {
            run: Some(RunStep { run: run.into(), step }),
            ..model(kind, rank, "checkpoint")
        };
        let (full, lora) = ((Kind::Full, None), (Kind::Lora, Some(8)));
        let models = [
            at(full.0, full.1, "ft", 500),
            at(lora.0, lora.1, "r8", 500),
            at(lora.0, lora.1, "r8", 1000),
            model(Kind::Lora, Some(64), "lora"),
        ];
        assert_eq!(
            labels(&models),
            [
                "Full, step 500",
                "LoRA r = 8, step 500",
                "LoRA r = 8, step 1,000",
                "LoRA r = 64"
            ]
        );
        let looks = |models: &[Model]| {
            series(models)
                .iter()
                .map(|s| (s.token.clone(), s.shade, s.width))
                .collect::<Vec<_>>()
        };
        let look = |token: &str, shade, width| (token.to_owned(), shade, width);
        let wanted = [
            look("full", 1.0, 2.5),
            look("lora-1", 0.4, 1.0),
            look("lora-1", 1.0, 1.75),
            look("lora-7", 1.0, 1.75),
        ];
        assert_eq!(looks(&models), wanted);

        // Two runs of one rank, given out of order.
        let two = [
            at(lora.0, lora.1, "a", 1000),
            at(lora.0, lora.1, "b", 500),
            at(lora.0, lora.1, "a", 500),
            at(lora.0, lora.1, "b", 1000),
        ];
        assert_eq!(
            labels(&two),
            ["a, step 1,000", "b, step 500", "a, step 500", "b, step 1,000"]
        );
        let wanted = [
            look("lora-1", 1.0, 1.75),
            look("lora-7", 0.4, 1.0),
            look("lora-1", 0.4, 1.0),
            look("lora-7", 1.0, 1.75),
        ];
        assert_eq!(looks(&two), wanted);
        let same = [at(lora.0, lora.1, "", 500), at(lora.0, lora.1, "", 500)];
        assert_eq!(labels(&same), ["checkpoint", "checkpoint"]);
    }
}
