-- The paper: what opens on demand on a page is left out, and named, so that readers can find it.
return { { Div = function(div)
  if div.attributes.collapse ~= "true" then return nil end
  local title = pandoc.List({ pandoc.Str("On the web page: ") }) .. div.content[1].content
  return pandoc.Para({ pandoc.Emph(title .. { pandoc.Str(".") }) })
end } }
