# Adds the tables of objects from other computers to the views of formats/Bee.Format.ps1xml.

function New-XmlNode {
    <#
    .SYNOPSIS
        Appends an element, with text if it is given, and returns it.
    #>
    param([Xml.XmlElement] $Parent, [string] $Name, [string] $Text)
    $node = $Parent.AppendChild($Parent.OwnerDocument.CreateElement($Name))
    if ($Text) { $node.InnerText = $Text }
    $node
}

function Add-RemoteTable {
    <#
    .SYNOPSIS
        Returns the XML of a format file with a table for the objects of each type that come from other computers.
    .DESCRIPTION
        PowerShell itself adds PSComputerName as the last column of a table. A table that fills the screen has no room for it, and PowerShell omits it or writes its letters below each other.
        So each table has a copy that begins with that column, for the type name that servers of ssh add. Its columns are narrower: those for any text shrink, and the last ones that
        still do not fit on 80 columns are omitted.
    .PARAMETER Path
        The format file.
    #>
    param([string] $Path)
    $computer, $least, $screen = 14, 10, 79
    $views = [xml]::new()
    $views.Load($Path)
    foreach ($view in @($views.SelectNodes('//View[TableControl]'))) {
        # The views of events have code for the column, and parts of other objects have no computer.
        if ($view.ViewSelectedBy.InnerText -match '^Bee\.(Ebpf\.(Records|Symbols|Programs)|Oci\.Formats|Toolchain)\.|\.CaptureStream$') { continue }
        $headers = @($view.SelectNodes('.//TableColumnHeader'))
        $items = @($view.SelectNodes('.//TableColumnItem'))
        $widths = @($headers | ForEach-Object { [int] ($_.Width ?? 0) })
        # The width of a column without one is that of its text.
        $needed = @($widths | ForEach-Object { $_ ? $_ : $least })
        $shrinks = @(foreach ($i in 0..($headers.Count - 1)) { $needed[$i] -gt $least -and $items[$i].ScriptBlock -match '::(Line|Tail|Wrapped|Action)\(' })
        $count = $headers.Count
        while ($true) {
            $shown = 0..($count - 1)
            if ($computer + ($needed[$shown] | Measure-Object -Sum).Sum + $count -le $screen) { break }
            $widest = $shown | Where-Object { $shrinks[$_] -and $needed[$_] -gt $least } | Sort-Object { $needed[$_] } -Stable | Select-Object -Last 1
            if ($null -ne $widest) { $needed[$widest]-- } else { $count-- }
        }

        $remote = $view.ParentNode.InsertAfter($view.CloneNode($true), $view)
        $remote.SelectSingleNode('Name').InnerText = "Remote$($view.Name)"
        $remote.SelectSingleNode('ViewSelectedBy/TypeName').InnerText += '#Remote'
        $headers = @($remote.SelectNodes('.//TableColumnHeader'))
        $items = @($remote.SelectNodes('.//TableColumnItem'))
        foreach ($i in 0..($headers.Count - 1)) {
            if ($i -ge $count) { $null = $headers[$i].ParentNode.RemoveChild($headers[$i]); $null = $items[$i].ParentNode.RemoveChild($items[$i]); continue }
            if ($widths[$i]) { $headers[$i].SelectSingleNode('Width').InnerText = $needed[$i] }
            if ($script = $items[$i].SelectSingleNode('ScriptBlock')) {
                $script.InnerText = $script.InnerText -replace '\$Host\)', "`$Host, $($computer + 1))" -replace ", $($widths[$i])\)`$", ", $($needed[$i]))"
            }
        }

        $header = $headers[0].ParentNode.InsertBefore($views.CreateElement('TableColumnHeader'), $headers[0])
        $null = New-XmlNode $header Label PSComputerName
        $null = New-XmlNode $header Width $computer
        $item = $items[0].ParentNode.InsertBefore($views.CreateElement('TableColumnItem'), $items[0])
        $null = New-XmlNode $item ScriptBlock 'if ($_.PSShowComputerName) { [Bee.Cmdlets.Views.EventText]::Line($_.PSComputerName) }'

        # PowerShell fits columns to their text if one has no width, but not if there are several row definitions.
        if ($widths -contains 0) { $null = $remote.SelectSingleNode('TableControl').PrependChild($views.CreateElement('AutoSize')) }

        # PowerShell adds its column to the first row definition. So the columns are those of another one, for all types.
        $row = $remote.SelectSingleNode('.//TableRowEntry')
        $first = $row.ParentNode.InsertBefore($views.CreateElement('TableRowEntry'), $row)
        $columns = New-XmlNode $first TableColumnItems
        foreach ($i in 0..$count) { $null = New-XmlNode (New-XmlNode $columns TableColumnItem) ScriptBlock '$null' }
        $selected = $row.PrependChild($views.CreateElement('EntrySelectedBy'))
        $null = New-XmlNode $selected TypeName 'System.Object'
    }

    $views.OuterXml
}
