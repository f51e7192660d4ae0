//! Export of a training: the base, full fine-tunes, and adapters as PEFT writes them, a folder per checkpoint.

use super::side::Side;
use super::training::{NAMES, Training};
use crate::analyze::Tuning;
use crate::linalg::Matrix;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::HashMap;

/// A file by its path.
pub struct File {
    pub path: String,
    pub bytes: Vec<u8>,
}

impl Training {
    /// The base, and every checkpoint that was kept of both fine-tunes; none before pre-training has ended.
    pub fn files(&self) -> Result<Vec<File>, String> {
        let mut files = Vec::new();
        if self.sides.is_empty() {
            return Ok(files);
        }
        let base: Vec<(String, &Matrix)> = NAMES.iter().map(|n| n.to_string()).zip(&self.world.weights).collect();
        let rest = [
            ("model.embed_in.weight".to_string(), &self.world.embedding),
            ("head.weight".to_string(), &self.world.head),
        ];
        files.push(File {
            path: "base/model.safetensors".into(),
            bytes: written(base.into_iter().chain(rest).collect())?,
        });
        for (n, side) in self.sides.iter().enumerate() {
            let last = (
                side.step(),
                (0..NAMES.len()).map(|m| side.tuning(m)).collect::<Vec<_>>(),
            );
            let kept = side.saved.iter().filter(|(step, _)| *step > 0 && *step != last.0);
            for (step, tunings) in kept.chain([&last]) {
                files.extend(self.checkpoint(n, side, *step, tunings)?);
            }
        }
        Ok(files)
    }

    fn checkpoint(&self, n: usize, side: &Side, step: u32, tunings: &[Tuning]) -> Result<Vec<File>, String> {
        let folder = format!("{}/checkpoint-{step}", if n == 0 { "full" } else { "lora" });
        let whole: Option<Vec<&Matrix>> = tunings
            .iter()
            .map(|t| if let Tuning::Dense(w) = t { Some(w) } else { None })
            .collect();
        if let Some(weights) = whole {
            let tensors = NAMES.iter().map(|n| n.to_string()).zip(weights).collect();
            return Ok(vec![File {
                path: format!("{folder}/model.safetensors"),
                bytes: written(tensors)?,
            }]);
        }
        let mut tensors = Vec::new();
        let mut rank = 0;
        for (name, tuning) in NAMES.iter().zip(tunings) {
            if let Tuning::LowRank { b, a, .. } = tuning {
                rank = a.nrows();
                let module = format!("base_model.model.{}", name.trim_end_matches(".weight"));
                tensors.extend([
                    (format!("{module}.lora_A.weight"), a),
                    (format!("{module}.lora_B.weight"), b),
                ]);
            }
        }
        let config = serde_json::json!({
            "peft_type": "LORA", "r": rank, "lora_alpha": side.tune.method.scale() * rank as f64, "lora_dropout": 0.0, "bias": "none", "use_rslora": false,
            "fan_in_fan_out": false, "target_modules": ["up_proj", "down_proj"], "task_type": null, "inference_mode": true,
            "base_model_name_or_path": "base",
        });
        Ok(vec![
            File {
                path: format!("{folder}/adapter_model.safetensors"),
                bytes: written(tensors)?,
            },
            File {
                path: format!("{folder}/adapter_config.json"),
                bytes: config.to_string().into_bytes(),
            },
        ])
    }
}

/// Row by row in F32, as every reader expects.
fn written(tensors: Vec<(String, &Matrix)>) -> Result<Vec<u8>, String> {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, m)| {
            (
                name,
                vec![m.nrows(), m.ncols()],
                m.transpose().iter().flat_map(|x| x.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| Ok((name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)));
    let views: Vec<(String, TensorView)> = views
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(|e| e.to_string())?;
    let about = HashMap::from([
        ("format".to_string(), "pt".to_string()),
        ("made by".to_string(), "lorascope, Train it here".to_string()),
    ]);
    serialize(views, Some(about)).map_err(|e| e.to_string())
}
