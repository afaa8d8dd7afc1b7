//! Draws a chart with plotters. What plotters draws is kept as a list of strokes and words, which then goes onto a canvas or
//! into an SVG file; so plotters is there once. Colours are numbers of the style sheet's until they are painted.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write;
use std::rc::Rc;

use kubottle::view::chart::{number, Chart};
use kubottle::view::timeline::Window;
use plotters::prelude::*;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};
use web_sys::CanvasRenderingContext2d;

/// Where the names of the axis end and time begins.
pub const LEFT: f32 = 58.0;
/// What is left free behind the end of time.
pub const RIGHT: f32 = 14.0;
/// Height of a chart.
pub const HEIGHT: f32 = 128.0;
/// The colours, by their number: ten of workloads, then those of lines and words.
pub const TONES: [&str; 13] =
    ["--w0", "--w1", "--w2", "--w3", "--w4", "--w5", "--w6", "--w7", "--w8", "--w9", "--line", "--muted", "--accent"];
const LINE: u8 = 10;
const MUTED: u8 = 11;
const ACCENT: u8 = 12;

/// A stroke, an area or a word.
pub enum Stroke {
    /// A line through points.
    Path { points: Vec<(f32, f32)>, tone: u8, alpha: f32, width: f32, dashed: bool },
    /// An area.
    Fill { points: Vec<(f32, f32)>, tone: u8, alpha: f32 },
    /// A word, by the middle of its left or right end.
    Word { text: String, x: f32, y: f32, right: bool, tone: u8 },
}

struct Paper {
    size: (u32, u32),
    strokes: Rc<RefCell<Vec<Stroke>>>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn point((x, y): BackendCoord) -> (f32, f32) {
    (x as f32, y as f32)
}

impl Paper {
    fn path(&self, points: Vec<(f32, f32)>, color: BackendColor, width: u32) {
        // The number of a colour is its blue part; green says that the line is dashed.
        let (tone, dashed) = (color.rgb.2, color.rgb.1 == 1);
        self.push(Stroke::Path { points, tone, alpha: color.alpha as f32, width: width as f32, dashed });
    }

    fn push(&self, stroke: Stroke) {
        self.strokes.borrow_mut().push(stroke);
    }
}

impl DrawingBackend for Paper {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        self.path(vec![point(at), (at.0 as f32 + 1.0, at.1 as f32)], color, 1);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path(vec![point(from), point(to)], style.color(), style.stroke_width());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(path.into_iter().map(point).collect(), style.color(), style.stroke_width());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        let (a, b) = (point(a), point(b));
        let points = vec![a, (b.0, a.1), b, (a.0, b.1), a];
        match fill {
            true => self.push(Stroke::Fill { points, tone: style.color().rgb.2, alpha: style.color().alpha as f32 }),
            false => self.path(points, style.color(), style.stroke_width()),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, area: I, style: &S) -> Drawn {
        let points = area.into_iter().map(point).collect();
        self.push(Stroke::Fill { points, tone: style.color().rgb.2, alpha: style.color().alpha as f32 });
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let right = matches!(style.anchor().h_pos, HPos::Right);
        self.push(Stroke::Word { text: text.to_owned(), x: at.0 as f32, y: at.1 as f32, right, tone: MUTED });
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() as u32;
        Ok((text.chars().count() as u32 * size * 6 / 10, size))
    }
}

fn tone(tone: u8, dashed: bool) -> RGBColor {
    RGBColor(0, u8::from(dashed), tone)
}

/// Draws a chart of a width.
pub fn draw(chart: &Chart, window: Window, width: f32) -> Vec<Stroke> {
    let strokes = Rc::new(RefCell::new(Vec::new()));
    let paper = Paper { size: (width.max(120.0) as u32, HEIGHT as u32), strokes: strokes.clone() };
    for (x, _) in window.ticks(LEFT, width - RIGHT) {
        paper.path(vec![(x, 6.0), (x, HEIGHT - 8.0)], BackendColor { alpha: 1.0, rgb: (0, 0, LINE) }, 1);
    }
    // Into a list nothing can fail.
    let _ = plot(chart, window, paper);
    strokes.take()
}

fn plot(chart: &Chart, window: Window, paper: Paper) -> Result<(), DrawingAreaErrorKind<Infallible>> {
    let most = match (chart.most() * 1.12, chart.unit) {
        (most, "%") => most.max(10.0),
        (most, _) => most.max(1.0),
    };
    let (from, right) = (window.from_ms as f64, window.to_ms as f64);
    let to = window.end_ms.min(window.to_ms) as f64;
    let area = paper.into_drawing_area();
    let mut plot = ChartBuilder::on(&area)
        .margin_top(6)
        .margin_bottom(8)
        .margin_right(RIGHT as i32)
        .y_label_area_size(LEFT as i32)
        .build_cartesian_2d(from..right, 0.0..most)?;
    plot.configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(tone(LINE, false))
        .axis_style(tone(LINE, false))
        .y_labels(4)
        .y_label_style(("monospace", 10))
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    if let Some((low, high, (below, above))) = chart.band {
        let edge = |line: usize, factor: f64| steps(&chart.lines[line].points, to, factor);
        for part in edge(high, 1.0 + above).into_iter().zip(edge(low, 1.0 - below)) {
            let (mut area, lower) = part;
            area.extend(lower.into_iter().rev());
            plot.draw_series([Polygon::new(area, tone(ACCENT, false).mix(0.13).filled())])?;
        }
    }
    for line in &chart.lines {
        let style = Color::stroke_width(&tone(line.tone, line.dashed), if line.dashed { 1 } else { 2 });
        for part in steps(&line.points, to, 1.0) {
            plot.draw_series([PathElement::new(part, style)])?;
        }
    }
    let decided = chart.lines.first();
    for (at, ..) in chart.decisions.iter().filter(|(.., changed)| *changed) {
        let value = decided.and_then(|line| line.at(*at)).unwrap_or(0.0);
        plot.draw_series([Polygon::new(
            diamond(*at as f64, value, (right - from) / 160.0, most / 22.0),
            tone(ACCENT, false).filled(),
        )])?;
    }
    Ok(())
}

fn diamond(x: f64, y: f64, w: f64, h: f64) -> Vec<(f64, f64)> {
    vec![(x - w, y), (x, y + h), (x + w, y), (x, y - h)]
}

/// A line that keeps each value until the next, in parts where nothing is known between them.
fn steps(points: &[(u64, f64)], to: f64, factor: f64) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut part: Vec<(f64, f64)> = Vec::new();
    for (i, (at, value)) in points.iter().enumerate() {
        if value.is_nan() {
            parts.extend((!part.is_empty()).then(|| std::mem::take(&mut part)));
            continue;
        }
        let until = points.get(i + 1).map_or(to, |(next, _)| *next as f64);
        part.extend([(*at as f64, value * factor), (until, value * factor)]);
    }
    parts.extend((!part.is_empty()).then_some(part));
    parts
}

/// Paints strokes onto a canvas, from `top` on.
pub fn paint(context: &CanvasRenderingContext2d, strokes: &[Stroke], colours: &[String], top: f32) {
    let trace = |points: &[(f32, f32)]| {
        context.begin_path();
        for (x, y) in points {
            // Lines in the middle of a pixel are sharp.
            context.line_to(f64::from(*x) + 0.5, f64::from(y + top) + 0.5);
        }
    };
    for stroke in strokes {
        match stroke {
            Stroke::Path { points, tone, alpha, width, dashed } => {
                context.set_global_alpha(f64::from(*alpha));
                context.set_stroke_style_str(&colours[usize::from(*tone)]);
                context.set_line_width(f64::from(*width));
                let dash = if *dashed { js_sys::Array::of2(&5.into(), &4.into()) } else { js_sys::Array::new() };
                let _ = context.set_line_dash(&dash);
                trace(points);
                context.stroke();
            }
            Stroke::Fill { points, tone, alpha } => {
                context.set_global_alpha(f64::from(*alpha));
                context.set_fill_style_str(&colours[usize::from(*tone)]);
                trace(points);
                context.fill();
            }
            Stroke::Word { text, x, y, right, tone } => {
                context.set_global_alpha(1.0);
                context.set_fill_style_str(&colours[usize::from(*tone)]);
                context.set_font("10px ui-monospace, Menlo, Consolas, monospace");
                context.set_text_align(if *right { "right" } else { "left" });
                context.set_text_baseline("middle");
                let _ = context.fill_text(text, f64::from(*x), f64::from(y + top));
            }
        }
    }
}

/// The same as the inside of an SVG file.
pub fn svg(strokes: &[Stroke], colours: &[String], top: f32) -> String {
    let mut svg = String::new();
    let trace = |points: &[(f32, f32)]| {
        points.iter().map(|(x, y)| format!("{x:.1},{:.1}", y + top)).collect::<Vec<_>>().join(" ")
    };
    for stroke in strokes {
        let _ = match stroke {
            Stroke::Path { points, tone, alpha, width, dashed } => writeln!(
                svg,
                r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="{width}" stroke-opacity="{alpha}"{}/>"#,
                trace(points),
                colours[usize::from(*tone)],
                if *dashed { r#" stroke-dasharray="5 4""# } else { "" }
            ),
            Stroke::Fill { points, tone, alpha } => writeln!(
                svg,
                r#"<polygon points="{}" fill="{}" fill-opacity="{alpha}"/>"#,
                trace(points),
                colours[usize::from(*tone)]
            ),
            Stroke::Word { text, x, y, right, tone } => writeln!(
                svg,
                r#"<text x="{x}" y="{:.1}" fill="{}" font-family="monospace" font-size="10"{}>{}</text>"#,
                y + top + 3.5,
                colours[usize::from(*tone)],
                if *right { r#" text-anchor="end""# } else { "" },
                text.replace('&', "&amp;").replace('<', "&lt;")
            ),
        };
    }
    svg
}

/// A word of one's own, for the title of an exported chart.
pub fn title(text: String) -> Stroke {
    Stroke::Word { text, x: 8.0, y: -8.0, right: false, tone: MUTED }
}
