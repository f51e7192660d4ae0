//! A drawing as pixels, with the fonts of the system.

use super::fault::Fault;
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// Sans-serif faces in the order of preference: every system has one of them, unless it has no fonts.
const FACES: [&str; 8] = [
    "Inter",
    "Noto Sans",
    "DejaVu Sans",
    "Liberation Sans",
    "Arial",
    "Helvetica",
    "Segoe UI",
    "Ubuntu",
];

/// PNG, `scale` pixels per CSS pixel.
pub fn png(svg: &str, scale: u16) -> Result<Vec<u8>, Fault> {
    let mut options = usvg::Options::default();
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_system_fonts();
    let families = || {
        fonts
            .faces()
            .flat_map(|face| face.families.iter().map(|(name, _)| name.clone()))
    };
    let preferred = FACES
        .iter()
        .find(|wanted| families().any(|name| name == **wanted))
        .map(|face| face.to_string());
    let Some(family) = preferred.or_else(|| families().next()) else {
        return Err(Fault::Unreadable(
            "This system has no fonts, and a .png needs one for its words. Write .svg, or install one: apt-get install fonts-dejavu-core".into(),
        ));
    };
    // What a drawing asks for is the reader's own face; a file has to choose.
    fonts.set_sans_serif_family(family.clone());
    fonts.set_serif_family(family.clone());
    options.font_family = family;
    let fault = |why: String| Fault::Unreadable(format!("The figure cannot be made a .png: {why}. Write .svg."));
    let tree = usvg::Tree::from_str(svg, &options).map_err(|why| fault(why.to_string()))?;
    let scale = f32::from(scale);
    let size = tree
        .size()
        .to_int_size()
        .scale_by(scale)
        .ok_or_else(|| fault("it has no size".into()))?;
    let mut pixels =
        tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| fault("it is too large".into()))?;
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|why| fault(why.to_string()))
}
