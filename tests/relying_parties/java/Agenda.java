import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import static java.nio.charset.StandardCharsets.UTF_8;

/** A program for the terminal: signs in with the system's browser and a loopback address, and lists the patients. */
public class Agenda {
    static final String ISSUER = System.getenv("OIDC_ISSUER"), API = System.getenv("GIPO_API_BASE"), CLIENT = System.getenv("CLIENT_ID");
    static final List<String> TENANTS = List.of(System.getenv("TENANTS").split(","));
    static final String PATIENTS = "giponext.patients", SCOPE = "openid profile offline_access " + PATIENTS;
    static final String UNAVAILABLE = "the platform does not answer now, try again later";
    static final SecureRandom RANDOM = new SecureRandom();
    static final PrintStream OUT = new PrintStream(System.out, true, UTF_8);

    /** Its message is for the end-user. */
    static class Problem extends Exception {
        Problem(String message) { super(message); }
    }
    static class SignInAgain extends Exception {}

    // ---- HTTP: no redirects, a time limit, waits as long as the platform says

    record Answer(int status, String retryAfter, Object body) {
        boolean passing() { return status == 0 || status == 429 || status >= 500; }
        String text(String name) { return Json.text(body, name); }
    }
    interface Request { Answer send() throws Exception; }

    final HttpClient http;

    Agenda() throws GeneralSecurityException, IOException {
        var builder = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(3)).followRedirects(HttpClient.Redirect.NEVER);
        String file = System.getenv("CA_FILE");
        if (file != null && !file.isEmpty()) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null);
            try (InputStream in = Files.newInputStream(Path.of(file))) {
                for (var one : CertificateFactory.getInstance("X.509").generateCertificates(in)) trusted.setCertificateEntry("ca" + trusted.size(), one);
            }
            var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            builder.sslContext(context);
        }
        http = builder.build();
    }

    /** Status 0 is an answer that did not come whole. */
    Answer ask(HttpRequest.Builder request) throws InterruptedException {
        var sent = http.sendAsync(request.header("Accept", "application/json").build(), HttpResponse.BodyHandlers.ofString());
        try {
            HttpResponse<String> answer = sent.get(8, TimeUnit.SECONDS);
            return new Answer(answer.statusCode(), answer.headers().firstValue("Retry-After").orElse(""), Json.parse(answer.body()));
        } catch (ExecutionException | TimeoutException problem) {
            sent.cancel(true);
            return new Answer(0, "", null);
        }
    }

    Answer post(String endpoint, Map<String, String> fields) throws InterruptedException {
        var all = new LinkedHashMap<>(fields);
        all.put("client_id", CLIENT);
        return ask(HttpRequest.newBuilder(URI.create(Json.text(metadata, endpoint))).header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(query(all))));
    }

    static String query(Map<String, String> fields) {
        return fields.entrySet().stream().map(it -> it.getKey() + "=" + URLEncoder.encode(it.getValue(), UTF_8)).collect(Collectors.joining("&"));
    }

    /** Repeats what fails for a moment. Nobody waits at a page here: half a minute is not too long. */
    static Answer patiently(int most, Request request) throws Exception {
        for (int tries = 0; ; tries++) {
            Answer answer = request.send();
            double wait = 0.5 * (1 << tries);
            if (answer.retryAfter.matches("\\d{1,6}")) wait = Integer.parseInt(answer.retryAfter);
            else if (!answer.retryAfter.isEmpty()) {
                try {
                    Instant until = ZonedDateTime.parse(answer.retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
                    wait = Math.max(0, Duration.between(Instant.now(), until).toMillis() / 1000.0);
                } catch (RuntimeException notADate) { /* the growing wait */ }
            }
            if (!answer.passing() || tries == most || wait > 30) return answer;
            Thread.sleep((long) (1000 * wait) + 50 + RANDOM.nextInt(250));
        }
    }

    // ---- the platform

    Object metadata, keys;

    void discover() throws Exception {
        Answer answer = patiently(2, () -> ask(HttpRequest.newBuilder(URI.create(ISSUER.replaceAll("/$", "") + "/.well-known/openid-configuration"))));
        if (answer.status != 200) throw new Problem(UNAVAILABLE);
        if (!ISSUER.equals(answer.text("issuer"))) throw new Problem("the platform's configuration does not match");
        metadata = answer.body;
    }

    Map<?, ?> keyOf(String kid) throws Exception {
        for (int look = 0; look < 2; look++) {
            if (keys == null || look == 1) keys = Json.of(patiently(2, () -> ask(HttpRequest.newBuilder(URI.create(Json.text(metadata, "jwks_uri"))))).body, "keys");
            var sound = new ArrayList<Map<?, ?>>();
            for (Object key : keys instanceof List<?> list ? list : List.of()) {
                if (key instanceof Map<?, ?> map && "RSA".equals(map.get("kty")) && !"enc".equals(map.get("use"))) sound.add(map);
            }
            if (kid == null && sound.size() == 1) return sound.get(0);
            for (var key : sound) if (kid != null && kid.equals(key.get("kid"))) return key;
        }
        throw new Problem("the platform's answer is not in order");
    }

    static byte[] bytes(Object base64) { return Base64.getUrlDecoder().decode((String) base64); }

    static void expect(boolean sound) throws Problem {
        if (!sound) throw new Problem("the platform's answer is not in order");
    }

    Object claimsOf(String token, String nonce) throws Exception {
        expect(token != null && token.matches("[\\w-]+\\.[\\w-]+\\.[\\w-]+"));
        String[] parts = token.split("\\.");
        Object header = Json.parse(new String(bytes(parts[0]), UTF_8)), claims = Json.parse(new String(bytes(parts[1]), UTF_8));
        expect("RS256".equals(Json.text(header, "alg")) && Json.of(header, "crit") == null);
        Map<?, ?> key = keyOf(Json.text(header, "kid"));
        var numbers = new RSAPublicKeySpec(new BigInteger(1, bytes(key.get("n"))), new BigInteger(1, bytes(key.get("e"))));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(KeyFactory.getInstance("RSA").generatePublic(numbers));
        signature.update((parts[0] + "." + parts[1]).getBytes(UTF_8));
        expect(signature.verify(bytes(parts[2])));
        Object audience = Json.of(claims, "aud"), party = Json.of(claims, "azp");
        expect(ISSUER.equals(Json.of(claims, "iss")));
        expect((CLIENT.equals(audience) || List.of(CLIENT).equals(audience)) && (party == null || CLIENT.equals(party)));
        double now = System.currentTimeMillis() / 1000.0;
        expect(Json.of(claims, "exp") instanceof Double exp && exp > now - 60 && Json.of(claims, "iat") instanceof Double iat && Math.abs(iat - now) < 600);
        expect(Json.of(claims, "nbf") == null || Json.of(claims, "nbf") instanceof Double nbf && nbf < now + 60);
        expect(Json.of(claims, "sub") instanceof String sub && !sub.isEmpty() && sub.length() <= 255);
        expect(nonce == null || nonce.equals(Json.of(claims, "nonce")));
        return claims;
    }

    String access, refresh, scope = SCOPE, subject, tenant;

    void take(Answer answer) throws Exception {
        if ("invalid_grant".equals(answer.text("error"))) throw new SignInAgain();
        if (answer.status != 200 || answer.text("access_token") == null) throw new Problem(UNAVAILABLE);
        expect("bearer".equalsIgnoreCase(answer.text("token_type")));
        access = answer.text("access_token");
        if (answer.text("refresh_token") != null) refresh = answer.text("refresh_token");
        if (answer.text("scope") != null) scope = answer.text("scope");
    }

    void renew() throws Exception {
        if (refresh == null) throw new SignInAgain();
        Answer answer = patiently(3, () -> post("token_endpoint", Map.of("grant_type", "refresh_token", "refresh_token", refresh)));
        if (answer.text("id_token") != null) {
            try {
                expect(subject.equals(Json.of(claimsOf(answer.text("id_token"), null), "sub")));
            } catch (Problem | RuntimeException unsound) {
                throw new SignInAgain();
            }
        }
        take(answer);
    }

    Object get(String path) throws Exception {
        Request request = () -> {
            Answer answer = ask(HttpRequest.newBuilder(URI.create(API + path)).header("Authorization", "Bearer " + access));
            return answer.status == 200 && answer.body == null ? new Answer(0, "", null) : answer; // cut off
        };
        Answer answer = patiently(3, request);
        if (answer.status == 401) {
            renew();
            answer = patiently(3, request);
        }
        if (answer.status == 200) return answer.body;
        if (answer.status == 401) throw new SignInAgain();
        if (answer.status != 403) throw new Problem(UNAVAILABLE);
        boolean lacking = "insufficient_permission".equals(answer.text("error"));
        throw new Problem(lacking ? "your account lacks the permission, ask your medical centre" : "you did not grant this permission");
    }

    // ---- sign-in

    static String random(int bytes) {
        byte[] made = new byte[bytes];
        RANDOM.nextBytes(made);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(made);
    }

    static Map<String, String> response(String query) throws Problem {
        var fields = new LinkedHashMap<String, String>();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            String[] parts = pair.split("=", 2);
            expect(fields.put(URLDecoder.decode(parts[0], UTF_8), parts.length == 2 ? URLDecoder.decode(parts[1], UTF_8) : "") == null);
        }
        return fields;
    }

    String signIn() throws Exception {
        discover();
        String state = random(32), nonce = random(32), verifier = random(48);
        var arrived = new CompletableFuture<String>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            boolean callback = exchange.getRequestURI().getPath().equals("/callback");
            byte[] page = "<!doctype html><title>Agenda</title><p>Go back to the terminal: you can close this page.".getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.getResponseHeaders().set("Referrer-Policy", "no-referrer");
            exchange.sendResponseHeaders(callback ? 200 : 404, page.length);
            try (exchange) { exchange.getResponseBody().write(page); }
            String query = exchange.getRequestURI().getRawQuery();
            if (callback) arrived.complete(query == null ? "" : query);
        });
        server.start();
        String redirect = "http://127.0.0.1:" + server.getAddress().getPort() + "/callback";
        Map<String, String> response;
        try {
            var request = new LinkedHashMap<String, String>();
            request.put("response_type", "code");
            request.put("client_id", CLIENT);
            request.put("redirect_uri", redirect);
            request.put("scope", SCOPE);
            request.put("state", state);
            request.put("nonce", nonce);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(UTF_8));
            request.put("code_challenge", Base64.getUrlEncoder().withoutPadding().encodeToString(hash));
            request.put("code_challenge_method", "S256");
            OUT.println("Open this address in your browser:\n\n" + Json.text(metadata, "authorization_endpoint") + "?" + query(request) + "\n");
            response = response(arrived.get(180, TimeUnit.SECONDS));
        } catch (TimeoutException late) {
            throw new Problem("nobody came back from the browser");
        } finally {
            server.stop(1);
        }
        boolean promised = Boolean.TRUE.equals(Json.of(metadata, "authorization_response_iss_parameter_supported"));
        if (!state.equals(response.get("state")) || !response.getOrDefault("iss", promised ? "" : ISSUER).equals(ISSUER))
            throw new Problem("the answer in the browser is not of this sign-in");
        if (response.containsKey("error")) throw new Problem("access_denied".equals(response.get("error")) ? "you did not consent" : "the platform refused");
        Answer answer = post("token_endpoint", Map.of("grant_type", "authorization_code", "code", response.getOrDefault("code", ""),
            "redirect_uri", redirect, "code_verifier", verifier));
        take(answer);
        subject = Json.text(claimsOf(answer.text("id_token"), nonce), "sub");
        Object user = get("/v2/userinfo");
        if (!subject.equals(Json.text(user, "sub"))) throw new Problem("the user information is somebody else's");
        for (Object one : Json.of(user, "tenants") instanceof List<?> list ? list : List.of()) {
            if (Json.of(one, "id") instanceof Double id && TENANTS.contains(String.valueOf(id.longValue()))) tenant = String.valueOf(id.longValue());
        }
        if (tenant == null) throw new Problem("your medical centre did not authorise this program");
        return Json.text(user, "name");
    }

    // ---- what the program is for

    void list() throws Exception {
        if (!List.of(scope.split(" ")).contains(PATIENTS)) throw new Problem("you did not grant the patients");
        var found = new ArrayList<Object>();
        boolean more = true;
        while (more) {
            Object page = get("/v2/tenants/" + tenant + "/patients?limit=100&offset=" + found.size());
            List<?> items = Json.of(page, "items") instanceof List<?> list ? list : List.of();
            found.addAll(items);
            more = Boolean.TRUE.equals(Json.of(page, "hasMore")) && !items.isEmpty();
        }
        OUT.println("Patients: " + found.size());
        for (Object it : found) OUT.println("- " + Json.text(it, "lastName") + " " + Json.text(it, "firstName"));
    }

    void revoke() throws Exception {
        if (refresh != null) patiently(3, () -> post("revocation_endpoint", Map.of("token", refresh, "token_type_hint", "refresh_token")));
    }

    public static void main(String[] arguments) throws Exception {
        Agenda agenda = new Agenda();
        int status = 0;
        try {
            String name;
            try {
                name = agenda.signIn();
            } catch (Problem | SignInAgain | RuntimeException problem) {
                OUT.println("Not signed in: " + (problem instanceof Problem ? problem.getMessage() : "the sign-in did not succeed"));
                agenda.revoke();
                System.exit(1);
                return;
            }
            OUT.println("Signed in as " + name);
            agenda.list();
            agenda.revoke();
        } catch (SignInAgain over) {
            OUT.println("Your access to the platform has ended: run this program again.");
            status = 2;
        } catch (Problem problem) {
            OUT.println("Patients: " + problem.getMessage() + ".");
            agenda.revoke();
            status = 3;
        }
        System.exit(status);
    }

    /** JSON as maps, lists, strings, doubles and booleans; null is what is not JSON. */
    static class Json {
        private final String text;
        private int at;

        private Json(String text) { this.text = text; }

        static Object parse(String text) {
            Json reader = new Json(text);
            try {
                Object value = reader.value();
                reader.space();
                return reader.at == text.length() ? value : null;
            } catch (RuntimeException malformed) {
                return null;
            }
        }

        static Object of(Object map, String name) { return map instanceof Map<?, ?> fields ? fields.get(name) : null; }

        static String text(Object map, String name) { return of(map, name) instanceof String value ? value : null; }

        private void space() { while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++; }

        private boolean take(char wanted) {
            space();
            boolean there = text.charAt(at) == wanted;
            if (there) at++;
            return there;
        }

        private void need(boolean sound) { if (!sound) throw new IllegalArgumentException(); }

        private Object value() {
            if (take('{')) {
                var map = new LinkedHashMap<String, Object>();
                if (take('}')) return map;
                do {
                    need(take('"'));
                    String name = string();
                    need(take(':'));
                    map.put(name, value());
                } while (take(','));
                need(take('}'));
                return map;
            }
            if (take('[')) {
                var list = new ArrayList<Object>();
                if (take(']')) return list;
                do list.add(value()); while (take(','));
                need(take(']'));
                return list;
            }
            if (take('"')) return string();
            int start = at;
            while (at < text.length() && "+-.0123456789eEaflnrstu".indexOf(text.charAt(at)) >= 0) at++;
            String word = text.substring(start, at);
            return switch (word) { case "true" -> true; case "false" -> false; case "null" -> null; default -> Double.valueOf(word); };
        }

        private String string() {
            var made = new StringBuilder();
            while (text.charAt(at) != '"') {
                char next = text.charAt(at++);
                if (next == '\\') {
                    char escaped = text.charAt(at++);
                    int known = "bfnrt".indexOf(escaped);
                    if (escaped == 'u') made.append((char) Integer.parseInt(text.substring(at, at += 4), 16));
                    else made.append(known >= 0 ? "\b\f\n\r\t".charAt(known) : escaped);
                } else made.append(next);
            }
            at++;
            return made.toString();
        }
    }
}
