using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace BookIT.Core.Logs;

/// <summary>A file of settings by which an operator changes what is logged while the program runs.</summary>
internal static class LogFile
{
    /// <summary>Reads the file that <c>Logging:File</c> names, where it does, and again whenever it changes.</summary>
    public static void AddLogFile(this IHostApplicationBuilder builder)
    {
        if (builder.Configuration["Logging:File"] is not { Length: > 0 } setting)
        {
            return;
        }

        var path = Path.GetFullPath(setting, builder.Environment.ContentRootPath);
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"Logging:File: there is no folder {folder}.");
            return;
        }

        builder.Configuration.AddJsonFile(json =>
        {
            // Looked at every few seconds: the kernel tells nothing of files that are mounted into a container and replaced.
            json.FileProvider = new PhysicalFileProvider(folder)
            {
                UsePollingFileWatcher = true,
                UseActivePolling = true,
            };
            json.Path = Path.GetFileName(path);
            json.Optional = true;
            json.ReloadOnChange = true;
            // Written by hand, on a server that works: what cannot be read says nothing.
            json.OnLoadException = failed =>
            {
                failed.Ignore = true;
                Console.Error.WriteLine($"Logging:File: {path} cannot be read: {failed.Exception.Message}");
            };
        });
    }
}
