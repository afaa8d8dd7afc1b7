//! The shape of a pod: one for each stage of its life, so that colour alone never tells.

use kubottle::view::topology::PodShape;
use yew::prelude::*;

/// The shape, around the point (0, 0), in a circle of radius `r`.
pub fn glyph(shape: PodShape, r: f32) -> Html {
    let s = r * 0.9;
    let inner = match shape {
        PodShape::Pending | PodShape::Terminating | PodShape::Ready => html! { <circle r={r.to_string()} /> },
        PodShape::Starting => html! {
            <>
                <circle r={r.to_string()} opacity="0.3" />
                <path class="turn" d={format!("M0 {}A{r} {r} 0 0 1 {r} 0", -r)} />
            </>
        },
        PodShape::Unready => html! {
            <>
                <circle r={r.to_string()} />
                <path class="fill" d={format!("M0 {}A{r} {r} 0 0 1 0 {r}z", -r)} />
            </>
        },
        PodShape::Succeeded => html! {
            <>
                <rect x={(-s).to_string()} y={(-s).to_string()} width={(2.0 * s).to_string()} height={(2.0 * s).to_string()} rx="2" />
                <path d={format!("M{} 0L{} {}L{} {}", -s * 0.5, -s * 0.1, s * 0.45, s * 0.55, -s * 0.4)} />
            </>
        },
        PodShape::Failing => html! { <path d={format!("M0 {}L{} {}H{}z", -r * 1.1, r * 1.1, r * 0.9, -r * 1.1)} /> },
    };
    html! { <g class="glyph">{inner}</g> }
}

/// The same in one element, in a square of 10.
pub fn dot(shape: PodShape) -> Html {
    let d = match shape {
        PodShape::Failing => "M5 1L9 9H1z",
        PodShape::Succeeded => "M1.500 1.500h7v7h-7z",
        PodShape::Unready | PodShape::Starting => "M5 1a4 4 0 100 8a4 4 0 100-8M5 1a4 4 0 010 8z",
        _ => "M5 1a4 4 0 100 8a4 4 0 100-8z",
    };
    html! { <path class="glyph" {d} /> }
}
