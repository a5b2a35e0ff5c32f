namespace Bee.Terminal.Models;

/// <summary>Chooses the columns that fit a width, and their widths.</summary>
internal static class ColumnLayout
{
    /// <summary>Returns the places of the columns that fit, in order, each with its width.</summary>
    /// <param name="columns">All columns.</param>
    /// <param name="width">The width, one blank between two columns included.</param>
    /// <param name="keep">The place of a column that stays in any case; negative for none.</param>
    public static IReadOnlyList<(int Column, int Width)> Fit(IReadOnlyList<LiveColumn> columns, int width, int keep = -1)
    {
        List<int> chosen = [.. Enumerable.Range(0, columns.Count)];
        while (chosen.Count > 1 && chosen.Sum(place => columns[place].Least) + chosen.Count - 1 > width)
        {
            int drop = chosen.Count - 1;
            for (int i = chosen.Count - 1; i >= 0; i--)
            {
                if (chosen[drop] == keep || (chosen[i] != keep && columns[chosen[i]].Interest < columns[chosen[drop]].Interest))
                {
                    drop = i;
                }
            }

            chosen.RemoveAt(drop);
        }

        int[] widths = [.. chosen.Select(place => Math.Min(columns[place].Least, Math.Max(1, width)))];
        int left = width - widths.Sum() - (chosen.Count - 1);
        for (bool grew = true; grew && left > 0;)
        {
            grew = false;
            for (int i = 0; i < widths.Length && left > 0; i++)
            {
                if (widths[i] < columns[chosen[i]].Preferred)
                {
                    (widths[i], left, grew) = (widths[i] + 1, left - 1, true);
                }
            }
        }

        return [.. chosen.Select((place, i) => (place, widths[i]))];
    }
}
