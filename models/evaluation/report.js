// Draws what the page carries as data. Without a script the tables say the same.
const plots = JSON.parse(document.getElementById("plots").textContent);
for (const [name, plot] of Object.entries(plots)) {
  Plotly.newPlot(`plot-${name}`, plot.data, plot.layout, { displayModeBar: false, responsive: true });
}
