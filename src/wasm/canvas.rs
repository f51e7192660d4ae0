//! A plotters backend for a canvas that skips redundant calls. Colours, fonts and places of text cross from wasm as strings that the browser
//! must parse, and a figure of 224 x 8 cells has thousands of marks in a few colours: what the context has been told is not said again, and
//! no string crosses twice.

use crate::figures::drawing::pen::CANVAS_RISE;
use crate::figures::drawing::variable;
use js_sys::JsString;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use plotters_canvas::CanvasBackend;
use std::collections::HashMap;
use std::f64::consts::{FRAC_PI_2, TAU};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, TextMetrics};

type Color = ([u8; 3], u64);
type Done = Result<(), DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

#[wasm_bindgen]
extern "C" {
    /// The context, for text that has crossed already: web-sys takes Rust's strings only, which are decoded anew with every call.
    type Writer;
    #[wasm_bindgen(method, js_name = fillText)]
    fn fill_text(this: &Writer, text: &JsString, x: f64, y: f64);
    #[wasm_bindgen(method, js_name = measureText)]
    fn measure_text(this: &Writer, text: &JsString) -> TextMetrics;
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
    align: (&'static str, &'static str),
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
            align: ("", ""),
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

    /// Text whose place is its middle's height, lying or read upwards: all that figures write.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Done {
        let (x, y) = (f64::from(at.0), f64::from(at.1));
        match (style.transform(), style.anchor().v_pos) {
            (FontTransform::None, VPos::Center) => self.write(text, style, (x, y)),
            (FontTransform::Rotate270, VPos::Center) => {
                self.context.save();
                // Both fail for what is not finite only.
                let _ = self.context.translate(x, y).and(self.context.rotate(-FRAC_PI_2));
                self.write(text, style, (0.0, 0.0));
                self.context.restore();
                self.forget();
            }
            _ => {
                self.forget();
                return self.plain.draw_text(text, style, at);
            }
        }
        Ok(())
    }
}

impl Canvas {
    /// The context may have been told something else.
    fn forget(&mut self) {
        (self.fill, self.align) = (None, ("", ""));
        self.font.clear();
    }

    fn write<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): (f64, f64)) {
        let (size, h) = (style.size(), style.anchor().h_pos);
        let upright = format!("{} {size}px {}", style.style().as_str(), style.family().as_str());
        self.fill_with(style.color());
        if !text.chars().any(|c| variable::letter(c).is_some()) {
            let align = match h {
                HPos::Left => "start",
                HPos::Right => "end",
                HPos::Center => "center",
            };
            self.align_to((align, "middle"));
            return self.piece(text, &upright, (x, y));
        }
        let italic = format!("italic {} {size}px {}", style.style().as_str(), variable::FAMILY);
        let pieces: Vec<(f64, &str, String)> = variable::pieces(text)
            .into_iter()
            .map(|(set, letters)| {
                let font = if set { &italic } else { &upright };
                (self.width(&letters, font), font.as_str(), letters)
            })
            .collect();
        let wide: f64 = pieces.iter().map(|piece| piece.0).sum();
        let mut left = match h {
            HPos::Left => x,
            HPos::Right => x - wide,
            HPos::Center => x - 0.5 * wide,
        };
        // Two faces share a baseline; the middles of their letters differ.
        self.align_to(("start", "alphabetic"));
        for (width, font, letters) in pieces {
            self.piece(&letters, font, (left, y + CANVAS_RISE * size));
            left += width;
        }
    }

    fn piece(&mut self, text: &str, font: &str, (x, y): (f64, f64)) {
        self.set_font(font);
        self.crossed(text);
        self.context
            .unchecked_ref::<Writer>()
            .fill_text(&self.texts[text], x, y);
    }

    fn width(&mut self, text: &str, font: &str) -> f64 {
        self.set_font(font);
        self.crossed(text);
        self.context
            .unchecked_ref::<Writer>()
            .measure_text(&self.texts[text])
            .width()
    }

    fn set_font(&mut self, font: &str) {
        if self.font != font {
            self.context.set_font(font);
            font.clone_into(&mut self.font);
        }
    }

    /// Where a text's place is: along it, and in its height.
    fn align_to(&mut self, align: (&'static str, &'static str)) {
        if self.align != align {
            self.context.set_text_align(align.0);
            self.context.set_text_baseline(align.1);
            self.align = align;
        }
    }

    fn crossed(&mut self, text: &str) {
        if !self.texts.contains_key(text) {
            self.texts.insert(text.to_owned(), text.into());
        }
    }
}
