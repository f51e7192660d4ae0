//! `WasmLesson`: a lesson, for the lessons' worker and for embeds.

use crate::lesson::train::File;
use crate::lesson::{Lesson, Scene, open};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
pub struct WasmLesson {
    lesson: Box<dyn Lesson>,
}

/// A checkpoint's file.
#[wasm_bindgen]
pub struct LessonFile {
    file: File,
}

#[wasm_bindgen]
impl LessonFile {
    #[wasm_bindgen(getter)]
    pub fn path(&self) -> String {
        self.file.path.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> Vec<u8> {
        self.file.bytes.clone()
    }
}

#[wasm_bindgen]
impl WasmLesson {
    /// Opens a lesson by its id; `dials` is JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(id: &str, dials: &str) -> Result<WasmLesson, JsError> {
        console_error_panic_hook::set_once();
        let lesson = open(id, dials).ok_or_else(|| JsError::new(&format!("There is no lesson “{id}”.")))?;
        Ok(WasmLesson { lesson })
    }

    pub fn turn(&mut self, dials: &str) {
        self.lesson.turn(dials);
    }

    /// A slice of what is left to do; false when nothing is.
    pub fn advance(&mut self) -> bool {
        self.lesson.advance()
    }

    pub fn done(&self) -> f64 {
        self.lesson.done()
    }

    pub fn scene(&self) -> Result<Ts<Scene>, JsError> {
        Ok(self.lesson.scene().into_ts()?)
    }

    /// Checkpoints made here; throws, in words, where there are none.
    pub fn files(&self) -> Result<Vec<LessonFile>, JsError> {
        let files = self.lesson.files().map_err(|why| JsError::new(&why))?;
        Ok(files.into_iter().map(|file| LessonFile { file }).collect())
    }
}
