//! The marks of the two vectors' panels, back to front.

use super::{BOTTOM, GAP, LEFT, Layout, PANEL, Panel, TOP};
use crate::figures::drawing::empty::say;
use crate::figures::drawing::frame::Frame;
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::drawing::scale::{count, fixed, index_ticks, short};
use crate::figures::drawing::spread::spread;
use crate::figures::drawing::style::{LABEL, LABEL_GAP, TICK, text_width, truncate};
use crate::figures::drawing::variable::set;
use crate::report::{Side, Status};

/// The opacity of a column that is only partly known.
const PART: f64 = 0.45;

impl Layout<'_> {
    pub fn draw(&self, pen: &Pen) -> Drawn {
        let name = Type::label(pen.palette.ink_2);
        let side = if self.subject.settings.side == Side::Right {
            "right"
        } else {
            "left"
        };
        let title = format!("|cos| with pre-trained {side} vector i");
        pen.text(
            (0.0, 12.0),
            &truncate(&set(&title), LABEL, self.width),
            name,
            Align::Start,
        )?;
        if self.panels.is_empty() {
            let failed = self.subject.matrix.is_some_and(|m| m.status == Status::Failed);
            let text = self.subject.why_empty("No best matches for this matrix.");
            let middle = (0.5 * (LEFT + self.right), TOP + 0.4 * PANEL);
            pen.hline(LEFT, self.right, TOP + PANEL, 1.0, pen.palette.rule_strong)?;
            return say(pen, middle, self.right - LEFT - 16.0, text, failed);
        }
        for (at, panel) in self.panels.iter().enumerate() {
            self.axes(pen, panel)?;
            if let Some((_, Some(i))) = self.focused().filter(|f| f.0 == at) {
                pen.vline(
                    self.x(panel, panel.column.stem_of(i)) - 0.5,
                    panel.top,
                    panel.top + PANEL,
                    1.0,
                    pen.palette.ink,
                )?;
            }
            self.stems(pen, panel)?;
            self.thresholds(pen, panel, at == 0)?;
            if !panel.column.whole() {
                let text = "Every pre-trained vector against this one is not computed.";
                say(
                    pen,
                    (0.5 * (LEFT + self.right), panel.top + 16.0),
                    self.right - LEFT - 16.0,
                    text,
                    false,
                )?;
            }
        }
        self.indices(pen)?;
        pen.text(
            (LEFT, self.height() - 5.0),
            &set(&format!("pre-trained {side} vector i")),
            name,
            Align::Start,
        )
    }

    fn axes(&self, pen: &Pen, panel: &Panel) -> Drawn {
        let (palette, y) = (pen.palette, self.y(panel));
        let title = truncate(&set(&self.title(panel.j)), LABEL, self.width - LEFT);
        pen.text((LEFT, panel.top - 9.0), &title, Type::strong(palette.ink), Align::Start)?;
        if self.subject.is_intruder(panel.j) {
            pen.triangle((LEFT - 9.0, panel.top - 10.0), 4.5, palette.ink)?;
        }
        let frame = Frame {
            left: LEFT,
            right: self.right,
            base: panel.top + PANEL,
            width: self.width,
        };
        frame.upwards(pen, &y, &[0.0, 0.5, 1.0], short)
    }

    fn stems(&self, pen: &Pen, panel: &Panel) -> Drawn {
        let (y, color) = (self.y(panel), pen.palette.token(&self.subject.series.token));
        let (base, alpha) = (y.at(0.0), if panel.column.whole() { 1.0 } else { PART });
        let wide = if (self.right - LEFT) / panel.column.stems().max(1) as f64 >= 4.0 {
            2.0
        } else {
            1.0
        };
        for stem in 0..panel.column.stems() {
            let Some((_, cos)) = panel.column.peak(stem) else {
                continue;
            };
            let top = y.at(cos);
            // Nothing to see below half a pixel.
            if base - top >= 0.5 {
                pen.rect(
                    (self.x(panel, stem) - 0.5 * wide, top),
                    (wide, base - top),
                    color,
                    alpha,
                )?;
            }
        }
        match panel.column.highest() {
            Some((stem, cos)) => pen.dot((self.x(panel, stem), y.at(cos)), 3.0, color, alpha.max(2.0 * PART)),
            None => Ok(()),
        }
    }

    /// Epsilon and what chance would give; in words in the first panel only.
    fn thresholds(&self, pen: &Pen, panel: &Panel, first: bool) -> Drawn {
        let (y, epsilon, palette) = (self.y(panel), self.subject.settings.epsilon, pen.palette);
        let strong = Type::strong(palette.ink);
        let quiet = Type::label(palette.ink_3);
        pen.dashed_hline(LEFT, self.right, y.at(epsilon), palette.ink)?;
        let label = set(&format!("ε = {}", fixed(epsilon, 2)));
        let chance = self.subject.null.map(|null| null.middle);
        if let Some(value) = chance {
            pen.dotted_hline(LEFT, self.right, y.at(value), palette.ink_3)?;
        }
        if !self.narrow {
            pen.text((self.right + 8.0, y.at(epsilon) + 4.0), &label, strong, Align::Start)?;
        }
        if !first {
            return Ok(());
        }
        let mut words = Vec::new();
        if self.narrow {
            words.push((label, strong, y.at(epsilon) - 5.0));
        }
        if let Some(value) = chance {
            let name = if self.narrow {
                "random"
            } else {
                "maximum of a random unit vector,"
            };
            let text = format!("{name} {}", fixed(value, 2));
            // Over the line, or under it where the panel ends.
            let above = y.at(value) - 5.0;
            words.push((text, quiet, if above < panel.top + 9.0 { above + 20.0 } else { above }));
        }
        let wanted: Vec<f64> = words.iter().map(|w| w.2).collect();
        for ((text, face, _), y) in
            words
                .iter()
                .zip(spread(&wanted, LABEL_GAP, (panel.top + 9.0, panel.top + PANEL - 4.0)))
        {
            pen.halo((self.right - 2.0, y), text, *face, Align::End)?;
        }
        Ok(())
    }

    fn indices(&self, pen: &Pen) -> Drawn {
        let Some(last) = self.panels.last() else { return Ok(()) };
        let (base, tick) = (self.height() - BOTTOM, Type::tick(pen.palette.ink_3));
        let mut free = f64::NEG_INFINITY;
        for i in index_ticks(0, self.n) {
            let (x, text) = (self.x(last, last.column.stem_of(i.saturating_sub(1))), count(i as u64));
            let half = 0.5 * text_width(&text, TICK);
            if x - half < free {
                continue;
            }
            pen.vline(x - 0.5, base, base + 4.0, 1.0, pen.palette.rule_strong)?;
            pen.text((x.min(self.width - half), base + 17.0), &text, tick, Align::Middle)?;
            free = x + half + 0.2 * GAP;
        }
        Ok(())
    }
}
