//! A plotters backend for a canvas that skips redundant calls. Colours, fonts and places of text cross from wasm as strings that the browser
//! must parse, and a figure of 224 x 8 cells has thousands of marks in a few colours: what the context has been told is not said again, and
//! no string crosses twice.

use js_sys::JsString;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use plotters_canvas::CanvasBackend;
use std::collections::HashMap;
use std::f64::consts::TAU;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

type Color = ([u8; 3], u64);
type Done = Result<(), DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

#[wasm_bindgen]
extern "C" {
    /// The context, for text that has crossed already: web-sys takes Rust's strings only, which are decoded anew with every call.
    type Writer;
    #[wasm_bindgen(method, js_name = fillText)]
    fn fill_text(this: &Writer, text: &JsString, x: f64, y: f64);
}

pub(super) struct Canvas {
    /// Draws what is rare.
    plain: CanvasBackend,
    context: CanvasRenderingContext2d,
    colors: HashMap<Color, JsValue>,
    /// Strings that were written before: counts are few words, thousands of times.
    texts: HashMap<String, JsString>,
    fill: Option<Color>,
    font: String,
    align: &'static str,
}

impl Canvas {
    /// `context` is the canvas's own.
    pub fn of(canvas: HtmlCanvasElement, context: CanvasRenderingContext2d) -> Option<Canvas> {
        let plain = CanvasBackend::with_canvas_object(canvas)?;
        Some(Canvas {
            plain,
            context,
            colors: HashMap::new(),
            texts: HashMap::new(),
            fill: None,
            font: String::new(),
            align: "",
        })
    }

    // What stands in its stead takes Rust's strings, which are decoded anew with every call.
    #[expect(deprecated)]
    fn fill_with(&mut self, color: BackendColor) {
        let wanted = (<[u8; 3]>::from(color.rgb), color.alpha.to_bits());
        if self.fill == Some(wanted) {
            return;
        }
        let ([r, g, b], alpha) = (wanted.0, color.alpha);
        let text = self
            .colors
            .entry(wanted)
            .or_insert_with(|| format!("rgba({r},{g},{b},{alpha})").into());
        self.context.set_fill_style(text);
        self.fill = Some(wanted);
    }
}

impl DrawingBackend for Canvas {
    type ErrorType = <CanvasBackend as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.plain.get_size()
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Done {
        self.fill = None;
        self.plain.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.plain.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Done {
        if !fill {
            return self.plain.draw_rect(from, to, style, fill);
        }
        self.fill_with(style.color());
        self.context.fill_rect(
            from.0.into(),
            from.1.into(),
            (to.0 - from.0).into(),
            (to.1 - from.1).into(),
        );
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.plain.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Done {
        if !fill {
            return self.plain.draw_circle(center, radius, style, fill);
        }
        self.fill_with(style.color());
        self.context.begin_path();
        // Fails for a negative radius only.
        let _ = self
            .context
            .arc(center.0.into(), center.1.into(), radius.into(), 0.0, TAU);
        self.context.fill();
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.fill = None;
        self.plain.fill_polygon(path, style)
    }

    /// Lying text whose place is its middle's height: all that figures write, but for a name or two.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Done {
        let anchor = style.anchor();
        if !matches!((style.transform(), anchor.v_pos), (FontTransform::None, VPos::Center)) {
            (self.fill, self.align) = (None, "");
            self.font.clear();
            return self.plain.draw_text(text, style, at);
        }
        let font = format!(
            "{} {}px {}",
            style.style().as_str(),
            style.size(),
            style.family().as_str()
        );
        if self.font != font {
            self.context.set_font(&font);
            self.font = font;
        }
        let align = match anchor.h_pos {
            HPos::Left => "start",
            HPos::Right => "end",
            HPos::Center => "center",
        };
        if self.align != align {
            self.context.set_text_align(align);
            self.context.set_text_baseline("middle");
            self.align = align;
        }
        self.fill_with(style.color());
        if !self.texts.contains_key(text) {
            self.texts.insert(text.to_owned(), text.into());
        }
        self.context
            .unchecked_ref::<Writer>()
            .fill_text(&self.texts[text], at.0.into(), at.1.into());
        Ok(())
    }
}
