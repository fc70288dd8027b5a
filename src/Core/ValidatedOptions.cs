using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BookIT.Core;

/// <summary>Options that are read from the configuration and checked when the program starts.</summary>
public static class ValidatedOptions
{
    /// <summary>
    /// Binds <typeparamref name="T"/> to a section; each of its mistakes, a sentence apiece, keeps the program from
    /// starting.
    /// </summary>
    public static IServiceCollection AddValidatedOptions<T>(
        this IServiceCollection services,
        string section,
        Func<T, IEnumerable<string>> mistakes
    )
        where T : class
    {
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(new Validator<T>(mistakes));
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
        return services;
    }

    /// <summary>
    /// Checks all of them now, instead of when the host starts to serve: the mistakes go to standard error, a sentence a
    /// line.
    /// </summary>
    /// <returns>Whether there are none.</returns>
    public static bool CheckOptions(this IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return true;
        }
        catch (Exception exception)
            when (exception is OptionsValidationException or AggregateException or InvalidOperationException)
        {
            foreach (var mistake in MistakesOf(exception))
            {
                Console.Error.WriteLine(mistake);
            }

            return false;
        }
    }

    private static IEnumerable<string> MistakesOf(Exception exception) =>
        exception switch
        {
            AggregateException several => several.InnerExceptions.SelectMany(MistakesOf),
            OptionsValidationException invalid => invalid.Failures,
            // What the binder cannot read: it names the key and the value.
            _ => [exception.Message],
        };

    private sealed class Validator<T>(Func<T, IEnumerable<string>> mistakes) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) =>
            mistakes(options).ToList() is { Count: > 0 } found
                ? ValidateOptionsResult.Fail(found)
                : ValidateOptionsResult.Success;
    }
}
