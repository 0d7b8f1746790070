-- The paper: what opens on demand on a page is left out; the workbook of tables holds it.
return { { Div = function(div) if div.attributes.collapse == "true" then return {} end end } }
