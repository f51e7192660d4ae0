//! Methods of `ReportView` that only the page uses: growth, its tables and sentences, and the exports that an embed has no use for.

use super::view::{ReportView, resize, surface};
use crate::export::{self, CardRequest};
use crate::figures::Request;
use crate::metrics::{self, Measure};
use crate::report::loss::Loss;
use crate::report::presets::{self, Preset};
use crate::report::surgery::{ARMS, ArmWords, Cut, Operated, Surgery};
use crate::report::{Matrix, Report, Settings};
use crate::series::last_of_runs;
use crate::summary::{self, AlphaPattern, Differences, Matrices, MatrixRow, Reading, Sort, Summary};
use plotters::prelude::IntoDrawingArea;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

/// Names of ours that stand for types of Rust's own.
#[wasm_bindgen(typescript_custom_section)]
const NAMES: &str = r#"
/** Where the best match of a vector lies; equal ends: it is known. */
export type Interval = [low: number, high: number];
/** Sentences by the id of the figure they stand beside, that of the table of matrices by `matrices`. */
export type Findings = Record<string, string | undefined>;
"#;

/// What a slider asks with every step, by way of text: a browser parses it faster than objects are made field by field.
fn by_text<T: Tsify + Serialize>(value: &T) -> Result<Ts<T>, JsError> {
    let text = serde_json::to_string(value)?;
    let parsed = js_sys::JSON::parse(&text).map_err(|_| JsError::new("An answer of the engine is not JSON."))?;
    Ok(Ts::new_unchecked(parsed))
}

#[wasm_bindgen]
impl ReportView {
    #[wasm_bindgen(constructor)]
    pub fn new(report: Ts<Report>) -> Result<ReportView, JsError> {
        console_error_panic_hook::set_once();
        Ok(ReportView {
            report: report.to_rust()?,
        })
    }

    /// Takes in one result; a second one for the same matrix replaces the first.
    pub fn add(&mut self, model: u32, matrix: Ts<Matrix>) -> Result<(), JsError> {
        let matrix = matrix.to_rust()?;
        if let Some(model) = self.report.models.get_mut(model as usize) {
            model.take(matrix);
        }
        Ok(())
    }

    /// The whole entry of one matrix of one model: the page keeps no copy.
    pub fn whole(&self, model: u32, name: &str) -> Result<Option<Ts<Matrix>>, JsError> {
        let model = self.report.models.get(model as usize);
        let found = model.and_then(|model| model.matrices.iter().find(|m| m.name == name));
        Ok(found.map(|m| m.clone().into_ts()).transpose()?)
    }

    /// Puts all vectors of one matrix into the report, as `Session.vectors` gives them; every other matrix goes back to its corners.
    #[wasm_bindgen(js_name = setVectors)]
    pub fn set_vectors(&mut self, model: u32, name: &str, left: Vec<f32>, right: Vec<f32>) -> Result<(), JsError> {
        let fits = summary::set_vectors(&mut self.report, model as usize, name, left, right);
        fits.then_some(())
            .ok_or_else(|| JsError::new("The report has no such matrix of as many vectors."))
    }

    /// The sums over the matrices of one model after surgery, a curve per arm.
    #[wasm_bindgen(js_name = sumSurgery)]
    pub fn sum_surgery(cut: Ts<Cut>, operated: Vec<Ts<Operated>>) -> Result<Ts<Surgery>, JsError> {
        Ok(summed(&cut, &operated)?.into_ts()?)
    }

    /// Puts the surgery of a model into the report: figures, exports and stored reports have it.
    #[wasm_bindgen(js_name = setSurgery)]
    pub fn set_surgery(&mut self, model: u32, cut: Ts<Cut>, operated: Vec<Ts<Operated>>) -> Result<(), JsError> {
        let surgery = summed(&cut, &operated)?;
        if let Some(model) = self.report.models.get_mut(model as usize) {
            model.surgery = Some(surgery);
        }
        Ok(())
    }

    /// Puts losses into the report: exports and stored reports have them.
    #[wasm_bindgen(js_name = setLoss)]
    pub fn set_loss(&mut self, loss: Option<Ts<Loss>>) -> Result<(), JsError> {
        self.report.loss = loss.map(|loss| loss.to_rust()).transpose()?;
        Ok(())
    }

    /// The arms of surgery in words, in the order of tables.
    pub fn arms() -> Result<Vec<Ts<ArmWords>>, JsError> {
        Ok(ARMS
            .into_iter()
            .map(|words| words.into_ts())
            .collect::<Result<_, _>>()?)
    }

    /// The vectors that are intruders under one of two settings only, and why: all are counted, the first `listed` are listed.
    pub fn differences(&self, a: Ts<Settings>, b: Ts<Settings>, listed: u32) -> Result<Ts<Differences>, JsError> {
        Ok(summary::differences(&self.report, &a.to_rust()?, &b.to_rust()?, listed).into_ts()?)
    }

    /// Rows of the summary table, and the sentences beside the figures.
    pub fn summary(&self, settings: Ts<Settings>) -> Result<Ts<Summary>, JsError> {
        by_text(&summary::summary(&self.report, &settings.to_rust()?))
    }

    /// The models that stand for themselves: of a run its last checkpoint.
    #[wasm_bindgen(js_name = lastOfRuns)]
    pub fn last_of_runs(&self) -> Vec<u32> {
        let places = last_of_runs(&self.report.models).into_iter();
        places.map(|at| at as u32).collect()
    }

    /// The reading of one model in three parts. `planned`: how many matrices the run has.
    pub fn reading(&self, settings: Ts<Settings>, model: u32, planned: u32) -> Result<Option<Ts<Reading>>, JsError> {
        let found = summary::reading(&self.report, &settings.to_rust()?, model as usize, planned);
        Ok(found.map(|reading| reading.into_ts()).transpose()?)
    }

    /// The first sentence of the reading of one model.
    pub fn gist(&self, settings: Ts<Settings>, model: u32) -> Result<Option<String>, JsError> {
        Ok(summary::gist(&self.report, &settings.to_rust()?, model as usize))
    }

    /// The reading as a picture: SVG text.
    #[wasm_bindgen(js_name = cardSvg)]
    pub fn card_svg(&self, request: Ts<CardRequest>) -> Result<String, JsError> {
        export::card_svg(&self.report, &request.to_rust()?).ok_or_else(no_model)
    }

    /// The same as a page of its own.
    #[wasm_bindgen(js_name = cardPage)]
    pub fn card_page(&self, request: Ts<CardRequest>) -> Result<String, JsError> {
        export::card_page(&self.report, &request.to_rust()?).ok_or_else(no_model)
    }

    /// The same on a canvas, which gets the size of the card.
    #[wasm_bindgen(js_name = drawCard)]
    pub fn draw_card(&self, request: Ts<CardRequest>, canvas: HtmlCanvasElement) -> Result<(), JsError> {
        let (backend, _) = surface(&canvas)?;
        resize(&canvas, [export::CARD_WIDTH, export::CARD_HEIGHT]);
        Ok(export::draw_card(
            &self.report,
            &request.to_rust()?,
            &backend.into_drawing_area(),
            1.0,
        )?)
    }

    /// The first rows of the table of matrices, with cells of the first `models` and of `model`; of that one with the best matches themselves.
    pub fn matrices(
        &self,
        settings: Ts<Settings>,
        sort: Option<Ts<Sort>>,
        first: u32,
        model: u32,
        models: u32,
    ) -> Result<Ts<Matrices>, JsError> {
        let sort = sort.map(|s| s.to_rust()).transpose()?;
        let asked = summary::Asked { first, model, models };
        by_text(&summary::matrices(
            &self.report,
            &settings.to_rust()?,
            sort.as_ref(),
            asked,
        ))
    }

    /// The table of matrices as a file: all rows in its order, all measures.
    #[wasm_bindgen(js_name = matricesCsv)]
    pub fn matrices_csv(&self, settings: Ts<Settings>, sort: Option<Ts<Sort>>) -> Result<String, JsError> {
        let sort = sort.map(|s| s.to_rust()).transpose()?;
        Ok(export::matrices_csv(&self.report, &settings.to_rust()?, sort.as_ref()))
    }

    #[wasm_bindgen(js_name = matricesJson)]
    pub fn matrices_json(&self, settings: Ts<Settings>, sort: Option<Ts<Sort>>) -> Result<String, JsError> {
        let sort = sort.map(|s| s.to_rust()).transpose()?;
        Ok(export::matrices_json(&self.report, &settings.to_rust()?, sort.as_ref()))
    }

    /// Every measure of a matrix, in the order in which cells have their readings.
    pub fn measures() -> Result<Vec<Ts<Measure>>, JsError> {
        Ok(metrics::measures().map(|m| m.into_ts()).collect::<Result<_, _>>()?)
    }

    /// The number of best matches of a certified matrix, and of those that an exact result finds outside their bounds.
    pub fn outside(claimed: Ts<Matrix>, exact: Ts<Matrix>) -> Result<Vec<u32>, JsError> {
        let (all, outside) = metrics::intruder::outside(&claimed.to_rust()?, &exact.to_rust()?);
        Ok(vec![all, outside])
    }

    /// The row of one matrix.
    pub fn matrix(&self, settings: Ts<Settings>, name: &str) -> Result<Option<Ts<MatrixRow>>, JsError> {
        Ok(summary::matrix(&self.report, &settings.to_rust()?, name)
            .map(|r| r.into_ts())
            .transpose()?)
    }

    /// A lesson as a page of its own. `dials` is JSON: pairs of attribute and value.
    #[wasm_bindgen(js_name = lessonPage)]
    pub fn lesson_page(
        &self,
        request: Ts<Request>,
        id: &str,
        title: &str,
        dials: &str,
        module: &str,
    ) -> Result<String, JsError> {
        let dials: Vec<(String, String)> = serde_json::from_str(dials)?;
        let lesson = export::Lesson {
            id,
            title,
            dials: &dials,
            module,
        };
        Ok(export::lesson_page(&self.report, &request.to_rust()?, &lesson))
    }

    /// Puts the hash of a file wherever the report names the file.
    #[wasm_bindgen(js_name = setHash)]
    pub fn set_hash(&mut self, file: &str, sha256: &str) {
        self.report.set_hash(file, sha256);
    }

    /// All rules that have a name, the default first.
    pub fn presets() -> Result<Vec<Ts<Preset>>, JsError> {
        Ok(presets::presets()
            .into_iter()
            .map(|p| p.into_ts())
            .collect::<Result<_, _>>()?)
    }

    /// The models compared in a few sentences.
    pub fn comparison(&self, settings: Ts<Settings>) -> Result<Option<String>, JsError> {
        Ok(summary::comparison(&self.report, &settings.to_rust()?))
    }

    /// Which matrices another strength of every change would carry over the threshold, in words.
    pub fn crossing(&self, settings: Ts<Settings>, times: f64) -> Result<String, JsError> {
        Ok(summary::crossing(&self.report, &settings.to_rust()?, times))
    }

    /// PEFT's `alpha_pattern` that keeps every LoRA module of a model at a margin of `most` or below.
    #[wasm_bindgen(js_name = alphaPattern)]
    pub fn alpha_pattern(
        &self,
        settings: Ts<Settings>,
        model: u32,
        most: f64,
    ) -> Result<Option<Ts<AlphaPattern>>, JsError> {
        let found = summary::alpha_pattern(&self.report, &settings.to_rust()?, model as usize, most);
        Ok(found.map(|pattern| pattern.into_ts()).transpose()?)
    }

    /// The rule in force in words.
    pub fn rule(&self, settings: Ts<Settings>) -> Result<String, JsError> {
        let settings = settings.to_rust()?;
        Ok(format!(
            "Preset {}: {}.",
            presets::rule_name(&settings),
            presets::rule(&settings)
        ))
    }

    /// One page that needs nothing else: `module` is the text of the embed's module, `address` that of this page or empty.
    pub fn html(&self, request: Ts<Request>, module: &str, address: &str) -> Result<String, JsError> {
        Ok(export::page(
            &self.report,
            &request.to_rust()?,
            &export::Page { module, address },
        ))
    }

    #[wasm_bindgen(js_name = embedCode)]
    pub fn embed_code(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::embed_code(&self.report, &request.to_rust()?))
    }

    /// A Python script that computes the figure's number again.
    pub fn pytorch(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::pytorch(&self.report, &request.to_rust()?))
    }

    /// The whole run in words and tables.
    pub fn markdown(&self, request: Ts<Request>) -> Result<String, JsError> {
        Ok(export::markdown(&self.report, &request.to_rust()?))
    }
}

fn summed(cut: &Ts<Cut>, operated: &[Ts<Operated>]) -> Result<Surgery, JsError> {
    let operated = operated.iter().map(|o| o.to_rust()).collect::<Result<Vec<_>, _>>()?;
    Ok(Surgery::of(&cut.to_rust()?, &operated))
}

fn no_model() -> JsError {
    JsError::new("The report has no such model.")
}
