//! One SVG for each comparison: lines over what was varied.

use crate::peers::Failure;
use plotters::prelude::*;
use std::path::Path;

/// A line: its name and its points.
pub(crate) type Series = (String, Vec<(f64, f64)>);

const SIZE: (u32, u32) = (900, 520);

/// Draws lines from zero up; `x` is logarithmic.
///
/// # Errors
/// When there is nothing to draw or the file cannot be written.
pub(crate) fn lines(
    path: &Path,
    title: &str,
    (x_name, y_name): (&str, &str),
    series: &[Series],
) -> Result<(), Failure> {
    let points = || series.iter().flat_map(|(_, points)| points);
    let low = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.0).fold(low, f64::max);
    let top = points().map(|point| point.1).fold(0.0, f64::max);
    if points().next().is_none() {
        return Err(format!("{title}: nothing to draw").into());
    }
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(76)
        .build_cartesian_2d((low..high.max(low * 1.01)).log_scale(), 0.0..top * 1.08)?;
    chart.configure_mesh().x_desc(x_name).y_desc(y_name).light_line_style(WHITE).draw()?;
    for (number, (name, points)) in series.iter().enumerate() {
        let style = ShapeStyle::from(&Palette99::pick(number)).stroke_width(2);
        let drawn = chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
        drawn.label(name).legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
