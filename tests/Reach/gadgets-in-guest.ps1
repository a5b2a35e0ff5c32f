# In a virtual machine: runs the cases that the machine itself cannot, and writes a line for each. Measure-Gadget.ps1 -Guest puts it there as run.ps1.
$store = '/bee/reach/store'
$load = '/bee/reach/gadget-load'
$isGuest = $true
. /bee/reach/Gadgets.ps1
foreach ($gadget in $guestOnly) {
    if (-not [IO.File]::Exists("/bee/reach/only") -or $gadget -in [IO.File]::ReadAllLines('/bee/reach/only')) {
        try { "gadget`t$gadget`tright`t$(& $cases[$gadget])" }
        catch { "gadget`t$gadget`twrong`t$("$($_.FullyQualifiedErrorId)" -replace ',.*'): $(("$($_.Exception.Message)" -split "`n")[0..1])" }
    }
}
